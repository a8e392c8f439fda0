/** Records and contexts for tests of the Meshtastic store. @module */
import type { CommitContext } from "../../src/capture/network.ts";
import type { EnumNames } from "../../src/meshtastic/enum_names.ts";
import type { MeshtasticRecord, NodeUpdate, PacketRow } from "../../src/meshtastic/record.ts";

/** A context without anything. */
export const emptyContext: CommitContext = {
  ledger: [],
  retained: [],
  heardUntil: [],
  quarantine: [],
};

/** The few names that tests need. */
export const testEnumNames: EnumNames = {
  portnum: {
    0: "UNKNOWN_APP",
    1: "TEXT_MESSAGE_APP",
    3: "POSITION_APP",
    4: "NODEINFO_APP",
    33: "IP_TUNNEL_APP",
    67: "TELEMETRY_APP",
    70: "TRACEROUTE_APP",
    73: "MAP_REPORT_APP",
  },
  hardwareModel: { 0: "UNSET", 4: "TBEAM", 43: "HELTEC_V3" },
  role: { 0: "CLIENT", 2: "ROUTER" },
};

/** A record of a text packet, with what `packet` says otherwise. */
export function testRecord(
  packet: Partial<PacketRow> = {},
  rest: Omit<Partial<MeshtasticRecord>, "packet"> = {},
): MeshtasticRecord {
  return {
    packet: {
      timestamp: 1_760_000_000.25,
      topic: "msh/EU_868/2/e/LongFast/!00000002",
      fromNodeId: 0xa1b2c3d4,
      toNodeId: 0xffffffff,
      portnum: 1,
      portnumName: "TEXT_MESSAGE_APP",
      gatewayId: "!00000002",
      channelId: "LongFast",
      channelName: "LongFast",
      meshPacketId: 7,
      rssi: -90,
      snr: 5.25,
      hopLimit: 3,
      hopStart: 3,
      payloadLength: 5,
      rawPayload: new Uint8Array([104, 101, 108, 108, 111]),
      processedSuccessfully: true,
      viaMqtt: false,
      wantAck: true,
      priority: 0,
      delayed: 0,
      channelIndex: 8,
      rxTime: 1_760_000_000,
      pkiEncrypted: false,
      nextHop: 0,
      relayNode: 0xd4,
      txAfter: 0,
      messageType: "e",
      rawServiceEnvelope: new Uint8Array([1, 2, 3]),
      parsingError: null,
      transport: 0,
      qos: 1,
      retained: false,
      captureSource: "home",
      captureKey: "hash:default",
      ...packet,
    },
    ...rest,
  };
}

/** What a NODEINFO says. */
export function testUpdate(update: Partial<NodeUpdate> = {}): NodeUpdate {
  return {
    nodeId: 0xa1b2c3d4,
    seenAt: 1_760_000_000.25,
    origin: "nodeinfo",
    longName: "Hill top",
    shortName: "HILL",
    hwModel: "HELTEC_V3",
    hwModelNumber: 43,
    role: "ROUTER",
    roleNumber: 2,
    isLicensed: false,
    macAddress: "a0:b1:c2:d3:e4:f5",
    primaryChannel: "LongFast",
    ...update,
  };
}
