/** The numbered SQL that makes a MeshCore database, and brings older ones up. @module */
import type { MigrationSet } from "../storage/migrate.ts";
import m0001 from "../../migrations/meshcore/0001_nodes.sql" with { type: "text" };
import m0002 from "../../migrations/meshcore/0002_observers.sql" with { type: "text" };
import m0003 from "../../migrations/meshcore/0003_transmissions.sql" with { type: "text" };
import m0004 from "../../migrations/meshcore/0004_observations.sql" with { type: "text" };
import m0005 from "../../migrations/meshcore/0005_client_receptions.sql" with { type: "text" };
import m0006 from "../../migrations/meshcore/0006_observer_metrics.sql" with { type: "text" };
import m0007 from "../../migrations/meshcore/0007_dropped_packets.sql" with { type: "text" };
import m0008 from "../../migrations/meshcore/0008_neighbor_edges.sql" with { type: "text" };
import m0009 from "../../migrations/meshcore/0009_migration_marks.sql" with { type: "text" };
import m0010 from "../../migrations/meshcore/0010_old_indexes.sql" with { type: "text" };
import m0011 from "../../migrations/meshcore/0011_nodes_battery_mv.sql" with { type: "text" };
import m0012 from "../../migrations/meshcore/0012_inactive_nodes_battery_mv.sql" with {
  type: "text",
};
import m0013 from "../../migrations/meshcore/0013_nodes_temperature_c.sql" with { type: "text" };
import m0014 from "../../migrations/meshcore/0014_inactive_nodes_temperature_c.sql" with {
  type: "text",
};
import m0015 from "../../migrations/meshcore/0015_nodes_foreign_advert.sql" with { type: "text" };
import m0016 from "../../migrations/meshcore/0016_inactive_nodes_foreign_advert.sql" with {
  type: "text",
};
import m0017 from "../../migrations/meshcore/0017_nodes_default_scope.sql" with { type: "text" };
import m0018 from "../../migrations/meshcore/0018_inactive_nodes_default_scope.sql" with {
  type: "text",
};
import m0019 from "../../migrations/meshcore/0019_nodes_multibyte_sup.sql" with { type: "text" };
import m0020 from "../../migrations/meshcore/0020_inactive_nodes_multibyte_sup.sql" with {
  type: "text",
};
import m0021 from "../../migrations/meshcore/0021_nodes_multibyte_evidence.sql" with {
  type: "text",
};
import m0022 from "../../migrations/meshcore/0022_inactive_nodes_multibyte_evidence.sql" with {
  type: "text",
};
import m0023 from "../../migrations/meshcore/0023_observers_iata.sql" with { type: "text" };
import m0024 from "../../migrations/meshcore/0024_observers_model.sql" with { type: "text" };
import m0025 from "../../migrations/meshcore/0025_observers_firmware.sql" with { type: "text" };
import m0026 from "../../migrations/meshcore/0026_observers_client_version.sql" with {
  type: "text",
};
import m0027 from "../../migrations/meshcore/0027_observers_radio.sql" with { type: "text" };
import m0028 from "../../migrations/meshcore/0028_observers_battery_mv.sql" with { type: "text" };
import m0029 from "../../migrations/meshcore/0029_observers_uptime_secs.sql" with { type: "text" };
import m0030 from "../../migrations/meshcore/0030_observers_noise_floor.sql" with { type: "text" };
import m0031 from "../../migrations/meshcore/0031_observers_inactive.sql" with { type: "text" };
import m0032 from "../../migrations/meshcore/0032_observers_last_packet_at.sql" with {
  type: "text",
};
import m0033 from "../../migrations/meshcore/0033_observers_clock_skew_seconds.sql" with {
  type: "text",
};
import m0034 from "../../migrations/meshcore/0034_observers_clock_skew_count_24h.sql" with {
  type: "text",
};
import m0035 from "../../migrations/meshcore/0035_observers_clock_last_naive_at.sql" with {
  type: "text",
};
import m0036 from "../../migrations/meshcore/0036_observers_can_relay.sql" with { type: "text" };
import m0037 from "../../migrations/meshcore/0037_observers_can_relay_seen.sql" with {
  type: "text",
};
import m0038 from "../../migrations/meshcore/0038_transmissions_from_pubkey.sql" with {
  type: "text",
};
import m0039 from "../../migrations/meshcore/0039_transmissions_last_seen.sql" with {
  type: "text",
};
import m0040 from "../../migrations/meshcore/0040_transmissions_channel_hash.sql" with {
  type: "text",
};
import m0041 from "../../migrations/meshcore/0041_transmissions_scope_name.sql" with {
  type: "text",
};
import m0042 from "../../migrations/meshcore/0042_observations_resolved_path.sql" with {
  type: "text",
};
import m0043 from "../../migrations/meshcore/0043_observations_raw_hex.sql" with { type: "text" };
import m0044 from "../../migrations/meshcore/0044_observer_metrics_packets_sent.sql" with {
  type: "text",
};
import m0045 from "../../migrations/meshcore/0045_observer_metrics_packets_recv.sql" with {
  type: "text",
};
import m0046 from "../../migrations/meshcore/0046_capture_refused_packets.sql" with {
  type: "text",
};

/** `migrations/meshcore/`. */
export const meshcoreMigrations: MigrationSet = {
  name: "meshcore",
  files: [
    ["0001_nodes.sql", m0001],
    ["0002_observers.sql", m0002],
    ["0003_transmissions.sql", m0003],
    ["0004_observations.sql", m0004],
    ["0005_client_receptions.sql", m0005],
    ["0006_observer_metrics.sql", m0006],
    ["0007_dropped_packets.sql", m0007],
    ["0008_neighbor_edges.sql", m0008],
    ["0009_migration_marks.sql", m0009],
    ["0010_old_indexes.sql", m0010],
    ["0011_nodes_battery_mv.sql", m0011],
    ["0012_inactive_nodes_battery_mv.sql", m0012],
    ["0013_nodes_temperature_c.sql", m0013],
    ["0014_inactive_nodes_temperature_c.sql", m0014],
    ["0015_nodes_foreign_advert.sql", m0015],
    ["0016_inactive_nodes_foreign_advert.sql", m0016],
    ["0017_nodes_default_scope.sql", m0017],
    ["0018_inactive_nodes_default_scope.sql", m0018],
    ["0019_nodes_multibyte_sup.sql", m0019],
    ["0020_inactive_nodes_multibyte_sup.sql", m0020],
    ["0021_nodes_multibyte_evidence.sql", m0021],
    ["0022_inactive_nodes_multibyte_evidence.sql", m0022],
    ["0023_observers_iata.sql", m0023],
    ["0024_observers_model.sql", m0024],
    ["0025_observers_firmware.sql", m0025],
    ["0026_observers_client_version.sql", m0026],
    ["0027_observers_radio.sql", m0027],
    ["0028_observers_battery_mv.sql", m0028],
    ["0029_observers_uptime_secs.sql", m0029],
    ["0030_observers_noise_floor.sql", m0030],
    ["0031_observers_inactive.sql", m0031],
    ["0032_observers_last_packet_at.sql", m0032],
    ["0033_observers_clock_skew_seconds.sql", m0033],
    ["0034_observers_clock_skew_count_24h.sql", m0034],
    ["0035_observers_clock_last_naive_at.sql", m0035],
    ["0036_observers_can_relay.sql", m0036],
    ["0037_observers_can_relay_seen.sql", m0037],
    ["0038_transmissions_from_pubkey.sql", m0038],
    ["0039_transmissions_last_seen.sql", m0039],
    ["0040_transmissions_channel_hash.sql", m0040],
    ["0041_transmissions_scope_name.sql", m0041],
    ["0042_observations_resolved_path.sql", m0042],
    ["0043_observations_raw_hex.sql", m0043],
    ["0044_observer_metrics_packets_sent.sql", m0044],
    ["0045_observer_metrics_packets_recv.sql", m0045],
    ["0046_capture_refused_packets.sql", m0046],
  ],
};
