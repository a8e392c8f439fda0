/** @module */
import { defined } from "../capture/defined.ts";
import type { ConfiguredSource } from "./embedded_brokers.ts";
import type { MqttSourceOptions } from "./source_options.ts";
import { tokenOptions } from "./token_options.ts";

/** What a connection logs in with, and how it speaks; as configured. */
export type LoginOptions =
  & Pick<MqttSourceOptions, "username" | "password" | "passwordFile" | "token">
  & Required<Pick<MqttSourceOptions, "tls" | "protocol">>;

/** How a source logs in at its broker, from its configuration. */
export function loginOptions(config: ConfiguredSource): LoginOptions {
  const { tls } = config;
  return {
    protocol: config.protocol,
    ...defined({
      username: config.username,
      password: config.password,
      passwordFile: config.password_file,
      token: tokenOptions(config.auth),
    }),
    tls: {
      ...defined({ caFile: tls.ca_file, certFile: tls.cert_file, keyFile: tls.key_file }),
      verify: tls.verify,
    },
  };
}
