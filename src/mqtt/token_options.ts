/** What the configuration says of tokens, as a source takes it. @module */
import { defined } from "../capture/defined.ts";
import type { TokenOptions } from "./source_options.ts";

/** `auth` of a source; `config`'s has this shape. */
export interface ConfiguredToken {
  /** The private key in hexadecimal. */
  readonly private_key?: string | undefined;
  /** File that holds it, instead. */
  readonly private_key_file?: string | undefined;
  /** Public key that must belong to it. */
  readonly public_key?: string | undefined;
  /** Whom tokens are for; default: the host of the address. */
  readonly audience?: string | undefined;
  /** How long a token counts. */
  readonly lifetime_minutes: number;
  /** Whether the connection is made anew before its token expires. */
  readonly reconnect_before_expiry: boolean;
}

/** Undefined where no key is configured: then there are no tokens. */
export function tokenOptions(auth: ConfiguredToken | undefined): TokenOptions | undefined {
  if (auth === undefined) return undefined;
  const { private_key: privateKey, private_key_file: privateKeyFile } = auth;
  const { public_key: publicKey, audience } = auth;
  if (privateKey === undefined && privateKeyFile === undefined) return undefined;
  return {
    ...defined({ privateKey, privateKeyFile, publicKey, audience }),
    lifetimeSeconds: auth.lifetime_minutes * 60,
    reconnectBeforeExpiry: auth.reconnect_before_expiry,
  };
}
