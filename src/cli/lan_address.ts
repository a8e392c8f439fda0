/**
 * The address by which other machines of the network reach this one. Asking the system for it needs
 * a permission that meshcapture never has, so it is found out from what is known anyway.
 *
 * @module
 */
import type { Terminal } from "./terminal.ts";

/** Files that name the network's name servers. */
const RESOLVER_FILES = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

/** Milliseconds for one connection within the network. */
const CONNECT_MS = 700;

/** Name servers that are asked, one after the other. */
const MAX_SERVERS = 3;

/** Gives our own address on the way to `host`; undefined where that cannot be had. */
export type AddressTowards = (host: string) => Promise<string | undefined>;

/**
 * An IPv4 address of this machine, or undefined. Whoever came by SSH came to it; otherwise a
 * connection to the network's name server, most often the router, begins at it.
 */
export async function lanAddress(
  terminal: Pick<Terminal, "env" | "readFile">,
  towards: AddressTowards = addressTowards,
): Promise<string | undefined> {
  // "client port server port"
  const [, , reached] = (terminal.env["SSH_CONNECTION"] ?? "").split(" ");
  if (reached !== undefined && isUsable(reached)) return reached;
  for (const server of nameServers(terminal).slice(0, MAX_SERVERS)) {
    const address = await towards(server);
    if (address !== undefined && isUsable(address)) return address;
  }
  return undefined;
}

function nameServers({ readFile }: Pick<Terminal, "readFile">): string[] {
  const found = new Set<string>();
  for (const file of RESOLVER_FILES) {
    try {
      for (const [, server] of readFile(file).matchAll(/^\s*nameserver\s+(\S+)/gm)) {
        if (isUsable(server!)) found.add(server!);
      }
    } catch {
      // Another system keeps them elsewhere.
    }
  }
  return [...found];
}

/** An IPv4 address that is neither loopback nor nobody's. */
function isUsable(address: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && !/^(127|0)\./.test(address);
}

async function addressTowards(host: string): Promise<string | undefined> {
  const gone = Symbol();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<typeof gone>((resolve) => {
    timer = setTimeout(() => resolve(gone), CONNECT_MS);
  });
  try {
    const connecting = Deno.connect({ hostname: host, port: 53 });
    const first = await Promise.race([connecting, late]);
    if (first === gone) {
      connecting.then((one) => one.close(), () => {});
      return undefined;
    }
    const { hostname } = first.localAddr as Deno.NetAddr;
    first.close();
    return hostname;
  } catch {
    // Nobody listens, or nobody may be asked.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
