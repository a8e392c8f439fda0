/// <reference lib="dom" />
/**
 * Nodes on a map that needs no internet: a grid of degrees and a scale under the dots. Tiles come only
 * from where the operator says.
 *
 * @module
 */
import * as leafletModule from "leaflet";
import type { MapTiles } from "../page_api.ts";
import { byId, make, setText, show, showEmpty } from "./dom.ts";
import { ago, meridian, networkWords, whole } from "./format.ts";
import type {
  CircleMarker,
  Layer,
  LayerGroup,
  Leaflet,
  LeafletMap,
  Place,
} from "./leaflet_types.ts";
import type { KnownNode } from "./node_names.ts";

const leaflet = leafletModule as unknown as Leaflet;

/** Degrees between two lines of the grid, fine to coarse. */
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/** Lines of the grid across the map, about. */
const LINES = 6;

/** Nodes heard within this time are drawn full. */
const RECENT_MS = 6 * 3_600_000;

/** The map on the page; it is made with the first position. */
export class MapView {
  readonly #tiles: () => MapTiles;
  readonly #onPick: (id: string) => void;
  readonly #markers = new Map<string, CircleMarker>();
  #map: LeafletMap | undefined;
  #grid: LayerGroup | undefined;

  /** `onPick` is told of the node that somebody clicks. */
  constructor(tiles: () => MapTiles, onPick: (id: string) => void) {
    this.#tiles = tiles;
    this.#onPick = onPick;
  }

  /** Shows the nodes that have a position; `now` is the service's time in Unix milliseconds. */
  draw(nodes: readonly KnownNode[], now: number): void {
    const placed = nodes.filter((node) => node.position !== undefined && isPlace(node.position));
    showEmpty(
      "map-empty",
      placed.length > 0
        ? undefined
        : "No node has given a position yet. A dot appears here with the first one.",
    );
    const box = byId("map-box");
    show(box, placed.length > 0);
    setText(
      byId("map-note"),
      placed.length === 0 ? "" : `${whole(placed.length)} of ${whole(nodes.length)} nodes`,
    );
    if (placed.length === 0) return;
    if (this.#map === undefined) {
      this.#map = this.#create(box);
      this.#map.fitBounds(middleOf(placed), { padding: [40, 40], maxZoom: 13 });
    }
    const gone = new Set(this.#markers.keys());
    for (const node of placed) {
      const key = `${node.network} ${node.id}`;
      gone.delete(key);
      this.#place(key, node, now);
    }
    for (const key of gone) {
      this.#markers.get(key)!.remove();
      this.#markers.delete(key);
    }
  }

  /** Shows the place of one node. */
  look(place: Place): void {
    byId("map").scrollIntoView();
    this.#map?.setView(place, Math.max(13, this.#map.getZoom()));
  }

  #create(box: HTMLElement): LeafletMap {
    const { tiles, attribution } = this.#tiles();
    const map = leaflet.map(box, {
      attributionControl: attribution !== undefined,
      zoomSnap: 0.5,
      maxZoom: 18,
      minZoom: 1,
      // The page scrolls; who wants to zoom has buttons, keys, fingers, or clicks first.
      scrollWheelZoom: false,
      worldCopyJump: true,
    });
    map.on("focus", () => setWheel(map, true));
    map.on("blur", () => setWheel(map, false));
    map.attributionControl?.setPrefix(false);
    leaflet.control.scale({ maxWidth: 140, imperial: false }).addTo(map);
    this.#grid = leaflet.layerGroup().addTo(map);
    if (tiles !== undefined) {
      leaflet.tileLayer(tiles, {
        maxZoom: 19,
        // Shown as text: it is the operator's, but no HTML.
        attribution: attribution === undefined ? "" : escapeHtml(attribution),
        // Providers ask for it; the page's own address is all that it holds.
        referrerPolicy: "origin",
      }).addTo(map);
    }
    map.on("moveend", () => this.#drawGrid(map));
    return map;
  }

  #place(key: string, node: KnownNode, now: number): void {
    const style = { className: `dot ${node.network}`, radius: 6, weight: 2 };
    let marker = this.#markers.get(key);
    if (marker === undefined) {
      marker = leaflet.circleMarker(node.position!, style).addTo(this.#map!);
      marker.bindTooltip(make("span"), { direction: "top", offset: [0, -6] });
      marker.on("click", () => this.#onPick(node.id));
      this.#markers.set(key, marker);
    } else marker.setLatLng(node.position!);
    const recent = node.lastSeen !== undefined && now - node.lastSeen < RECENT_MS;
    marker.getElement()?.classList.toggle("old", !recent);
    const seen = node.lastSeen === undefined ? "" : `, heard ${ago(node.lastSeen, now)}`;
    marker.setTooltipContent(
      make(
        "span",
        {},
        make("bdi", { text: node.name ?? node.shortName ?? node.id }),
        make("span", { text: ` (${networkWords(node.network)}${seen})` }),
      ),
    );
  }

  #drawGrid(map: LeafletMap): void {
    const grid = this.#grid!;
    grid.clearLayers();
    const bounds = map.getBounds();
    const south = Math.max(-85, bounds.getSouth());
    const north = Math.min(85, bounds.getNorth());
    const west = bounds.getWest();
    const east = bounds.getEast();
    const step = STEPS.find((one) => (east - west) / one <= LINES) ?? 30;
    const digits = step < 0.01 ? 3 : step < 0.1 ? 2 : step < 1 ? 1 : 0;
    const line = (places: readonly Place[]) =>
      leaflet.polyline(places, { className: "grid", weight: 1, interactive: false }).addTo(grid);
    for (let lon = Math.ceil(west / step) * step; lon <= east; lon += step) {
      line([[south, lon], [north, lon]]);
      // The scale stands in that corner.
      if (lon < west + (east - west) * 0.15) continue;
      label(grid, [south, lon], meridian(lon, digits), "top");
    }
    for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
      line([[lat, west], [lat, east]]);
      label(grid, [lat, east], `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? "S" : "N"}`, "left");
    }
  }
}

/**
 * Corners of where most nodes of the largest network are. One node that claims to be elsewhere must
 * not shrink the mesh to a dot.
 */
function middleOf(nodes: readonly KnownNode[]): Place[] {
  const byNetwork = Map.groupBy(nodes, (node) => node.network);
  const largest = [...byNetwork.values()].reduce((a, b) => b.length > a.length ? b : a);
  const corner = (share: number): Place => {
    const at = (axis: 0 | 1) =>
      largest.map((node) => node.position![axis])
        .sort((a, b) => a - b)[Math.round((largest.length - 1) * share)]!;
    return [at(0), at(1)];
  };
  return [corner(0.03), corner(0.97)];
}

function label(grid: LayerGroup, place: Place, text: string, direction: string): Layer {
  return leaflet.tooltip({
    permanent: true,
    direction,
    className: "degrees",
    interactive: false,
    offset: [0, 0],
  }).setLatLng(place).setContent(make("span", { text })).addTo(grid);
}

function setWheel(map: LeafletMap, on: boolean): void {
  const wheel = (map as unknown as { scrollWheelZoom: { enable(): void; disable(): void } })
    .scrollWheelZoom;
  if (on) wheel.enable();
  else wheel.disable();
}

function isPlace([lat, lon]: Place): boolean {
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
