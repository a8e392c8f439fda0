/** The numbered SQL that makes a Meshtastic database, and brings older ones up. @module */
import type { MigrationSet } from "../storage/migrate.ts";
import m0001 from "../../migrations/meshtastic/0001_packet_history.sql" with { type: "text" };
import m0002 from "../../migrations/meshtastic/0002_node_info.sql" with { type: "text" };
import m0003 from "../../migrations/meshtastic/0003_packet_history_mesh_packet_id.sql" with {
  type: "text",
};
import m0004 from "../../migrations/meshtastic/0004_packet_history_via_mqtt.sql" with {
  type: "text",
};
import m0005 from "../../migrations/meshtastic/0005_packet_history_want_ack.sql" with {
  type: "text",
};
import m0006 from "../../migrations/meshtastic/0006_packet_history_priority.sql" with {
  type: "text",
};
import m0007 from "../../migrations/meshtastic/0007_packet_history_delayed.sql" with {
  type: "text",
};
import m0008 from "../../migrations/meshtastic/0008_packet_history_channel_index.sql" with {
  type: "text",
};
import m0009 from "../../migrations/meshtastic/0009_packet_history_rx_time.sql" with {
  type: "text",
};
import m0010 from "../../migrations/meshtastic/0010_packet_history_pki_encrypted.sql" with {
  type: "text",
};
import m0011 from "../../migrations/meshtastic/0011_packet_history_next_hop.sql" with {
  type: "text",
};
import m0012 from "../../migrations/meshtastic/0012_packet_history_relay_node.sql" with {
  type: "text",
};
import m0013 from "../../migrations/meshtastic/0013_packet_history_tx_after.sql" with {
  type: "text",
};
import m0014 from "../../migrations/meshtastic/0014_packet_history_message_type.sql" with {
  type: "text",
};
import m0015 from "../../migrations/meshtastic/0015_packet_history_raw_service_envelope.sql" with {
  type: "text",
};
import m0016 from "../../migrations/meshtastic/0016_packet_history_parsing_error.sql" with {
  type: "text",
};
import m0017 from "../../migrations/meshtastic/0017_packet_history_channel_name.sql" with {
  type: "text",
};
import m0018 from "../../migrations/meshtastic/0018_packet_history_transport.sql" with {
  type: "text",
};
import m0019 from "../../migrations/meshtastic/0019_packet_history_qos.sql" with { type: "text" };
import m0020 from "../../migrations/meshtastic/0020_packet_history_retained.sql" with {
  type: "text",
};
import m0021 from "../../migrations/meshtastic/0021_packet_history_capture_source.sql" with {
  type: "text",
};
import m0022 from "../../migrations/meshtastic/0022_packet_history_capture_key.sql" with {
  type: "text",
};
import m0023 from "../../migrations/meshtastic/0023_node_info_hex_id.sql" with { type: "text" };
import m0024 from "../../migrations/meshtastic/0024_node_info_primary_channel.sql" with {
  type: "text",
};
import m0025 from "../../migrations/meshtastic/0025_node_info_first_seen.sql" with { type: "text" };
import m0026 from "../../migrations/meshtastic/0026_node_info_last_updated.sql" with {
  type: "text",
};
import m0027 from "../../migrations/meshtastic/0027_node_info_user_id.sql" with { type: "text" };
import m0028 from "../../migrations/meshtastic/0028_node_info_hw_model_name.sql" with {
  type: "text",
};
import m0029 from "../../migrations/meshtastic/0029_node_info_role_name.sql" with { type: "text" };
import m0030 from "../../migrations/meshtastic/0030_node_info_snr.sql" with { type: "text" };
import m0031 from "../../migrations/meshtastic/0031_node_info_last_heard.sql" with { type: "text" };
import m0032 from "../../migrations/meshtastic/0032_node_info_via_mqtt.sql" with { type: "text" };
import m0033 from "../../migrations/meshtastic/0033_node_info_channel.sql" with { type: "text" };
import m0034 from "../../migrations/meshtastic/0034_node_info_hops_away.sql" with { type: "text" };
import m0035 from "../../migrations/meshtastic/0035_node_info_is_favorite.sql" with {
  type: "text",
};
import m0036 from "../../migrations/meshtastic/0036_node_info_is_ignored.sql" with { type: "text" };
import m0037 from "../../migrations/meshtastic/0037_node_info_is_key_verified.sql" with {
  type: "text",
};
import m0038 from "../../migrations/meshtastic/0038_node_info_region.sql" with { type: "text" };
import m0039 from "../../migrations/meshtastic/0039_node_info_region_name.sql" with {
  type: "text",
};
import m0040 from "../../migrations/meshtastic/0040_node_info_firmware_version.sql" with {
  type: "text",
};
import m0041 from "../../migrations/meshtastic/0041_node_info_modem_preset.sql" with {
  type: "text",
};
import m0042 from "../../migrations/meshtastic/0042_node_info_modem_preset_name.sql" with {
  type: "text",
};
import m0043 from "../../migrations/meshtastic/0043_meshpipe_tables.sql" with { type: "text" };
import m0044 from "../../migrations/meshtastic/0044_positions_precision_bits.sql" with {
  type: "text",
};
import m0045 from "../../migrations/meshtastic/0045_positions_gps_accuracy.sql" with {
  type: "text",
};
import m0046 from "../../migrations/meshtastic/0046_positions_pdop.sql" with { type: "text" };
import m0047 from "../../migrations/meshtastic/0047_positions_hdop.sql" with { type: "text" };
import m0048 from "../../migrations/meshtastic/0048_positions_vdop.sql" with { type: "text" };
import m0049 from "../../migrations/meshtastic/0049_positions_sats_in_view.sql" with {
  type: "text",
};
import m0050 from "../../migrations/meshtastic/0050_positions_fix_quality.sql" with {
  type: "text",
};
import m0051 from "../../migrations/meshtastic/0051_positions_fix_type.sql" with { type: "text" };
import m0052 from "../../migrations/meshtastic/0052_positions_ground_speed.sql" with {
  type: "text",
};
import m0053 from "../../migrations/meshtastic/0053_positions_ground_track.sql" with {
  type: "text",
};
import m0054 from "../../migrations/meshtastic/0054_positions_next_update.sql" with {
  type: "text",
};
import m0055 from "../../migrations/meshtastic/0055_positions_seq_number.sql" with { type: "text" };

/** `migrations/meshtastic/`. Each added column is a file of its own. */
export const meshtasticMigrations: MigrationSet = {
  name: "meshtastic",
  files: [
    ["0001_packet_history.sql", m0001],
    ["0002_node_info.sql", m0002],
    ["0003_packet_history_mesh_packet_id.sql", m0003],
    ["0004_packet_history_via_mqtt.sql", m0004],
    ["0005_packet_history_want_ack.sql", m0005],
    ["0006_packet_history_priority.sql", m0006],
    ["0007_packet_history_delayed.sql", m0007],
    ["0008_packet_history_channel_index.sql", m0008],
    ["0009_packet_history_rx_time.sql", m0009],
    ["0010_packet_history_pki_encrypted.sql", m0010],
    ["0011_packet_history_next_hop.sql", m0011],
    ["0012_packet_history_relay_node.sql", m0012],
    ["0013_packet_history_tx_after.sql", m0013],
    ["0014_packet_history_message_type.sql", m0014],
    ["0015_packet_history_raw_service_envelope.sql", m0015],
    ["0016_packet_history_parsing_error.sql", m0016],
    ["0017_packet_history_channel_name.sql", m0017],
    ["0018_packet_history_transport.sql", m0018],
    ["0019_packet_history_qos.sql", m0019],
    ["0020_packet_history_retained.sql", m0020],
    ["0021_packet_history_capture_source.sql", m0021],
    ["0022_packet_history_capture_key.sql", m0022],
    ["0023_node_info_hex_id.sql", m0023],
    ["0024_node_info_primary_channel.sql", m0024],
    ["0025_node_info_first_seen.sql", m0025],
    ["0026_node_info_last_updated.sql", m0026],
    ["0027_node_info_user_id.sql", m0027],
    ["0028_node_info_hw_model_name.sql", m0028],
    ["0029_node_info_role_name.sql", m0029],
    ["0030_node_info_snr.sql", m0030],
    ["0031_node_info_last_heard.sql", m0031],
    ["0032_node_info_via_mqtt.sql", m0032],
    ["0033_node_info_channel.sql", m0033],
    ["0034_node_info_hops_away.sql", m0034],
    ["0035_node_info_is_favorite.sql", m0035],
    ["0036_node_info_is_ignored.sql", m0036],
    ["0037_node_info_is_key_verified.sql", m0037],
    ["0038_node_info_region.sql", m0038],
    ["0039_node_info_region_name.sql", m0039],
    ["0040_node_info_firmware_version.sql", m0040],
    ["0041_node_info_modem_preset.sql", m0041],
    ["0042_node_info_modem_preset_name.sql", m0042],
    ["0043_meshpipe_tables.sql", m0043],
    ["0044_positions_precision_bits.sql", m0044],
    ["0045_positions_gps_accuracy.sql", m0045],
    ["0046_positions_pdop.sql", m0046],
    ["0047_positions_hdop.sql", m0047],
    ["0048_positions_vdop.sql", m0048],
    ["0049_positions_sats_in_view.sql", m0049],
    ["0050_positions_fix_quality.sql", m0050],
    ["0051_positions_fix_type.sql", m0051],
    ["0052_positions_ground_speed.sql", m0052],
    ["0053_positions_ground_track.sql", m0053],
    ["0054_positions_next_update.sql", m0054],
    ["0055_positions_seq_number.sql", m0055],
  ],
};
