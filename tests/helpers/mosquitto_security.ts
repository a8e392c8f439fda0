/** Who may subscribe to what at a mosquitto with its dynamic security plugin. @module */

/** The plugin's file: everybody may publish everything, and subscribe to `allowed` alone. */
export function security(allowed: readonly string[]): string {
  const acls = [
    ...allowed.map((topic) => ({ acltype: "subscribePattern", topic, allow: true })),
    { acltype: "publishClientSend", topic: "#", allow: true },
  ];
  return JSON.stringify({
    clients: [],
    groups: [{ groupname: "anyone", roles: [{ rolename: "reader" }] }],
    roles: [{ rolename: "reader", acls }],
    anonymousGroup: "anyone",
    defaultACLAccess: {
      publishClientSend: false,
      publishClientReceive: true,
      subscribe: false,
      unsubscribe: true,
    },
  });
}
