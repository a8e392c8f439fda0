import assert from "node:assert/strict";
import { configSections, networkNamed, networks } from "../src/networks.ts";

Deno.test("every network is found by its name and has its section of the configuration", () => {
  for (const network of networks) {
    assert.equal(networkNamed(network.name), network);
    assert.ok((configSections as readonly unknown[]).includes(network.section));
    assert.equal(network.section.name, network.name);
  }
  assert.equal(new Set(networks.map(({ name }) => name)).size, networks.length);
  assert.equal(configSections.length, networks.length);
});

Deno.test("networkNamed() knows no network by another name", () => {
  for (const name of ["", "Meshtastic", "constructor"]) {
    assert.equal(networkNamed(name), undefined);
  }
});
