/// <reference lib="dom" />
/**
 * The part of Leaflet that the page uses; the package brings no types.
 *
 * @module
 */

/** Degrees north and east. */
export type Place = readonly [number, number];

/** Something on a map. */
export interface Layer {
  /** Puts it there. */
  addTo(map: LeafletMap | LayerGroup): this;
  /** Takes it away. */
  remove(): this;
  /** Shows `content` under the pointer. */
  bindTooltip(content: unknown, options?: unknown): this;
  /** Calls `listener` at each such event. */
  on(event: string, listener: () => void): this;
}

/** A circle of a fixed size. */
export interface CircleMarker extends Layer {
  /** Moves it. */
  setLatLng(place: Place): this;
  /** What draws it; undefined while it is on no map. */
  getElement(): Element | undefined;
  /** Changes what its tooltip shows. */
  setTooltipContent(content: unknown): this;
}

/** Layers together. */
export interface LayerGroup extends Layer {
  /** Takes all away. */
  clearLayers(): this;
}

/** An area. */
export interface Bounds {
  /** Degrees north of its upper edge. */
  getNorth(): number;
  /** Degrees north of its lower edge. */
  getSouth(): number;
  /** Degrees east of its right edge. */
  getEast(): number;
  /** Degrees east of its left edge. */
  getWest(): number;
}

/** A map. */
export interface LeafletMap {
  /** Shows `centre`. */
  setView(centre: Place, zoom: number): this;
  /** Shows all of `places`. */
  fitBounds(places: readonly Place[], options?: unknown): this;
  /** What is shown. */
  getBounds(): Bounds;
  /** How large it is shown. */
  getZoom(): number;
  /** Calls `listener` at each such event. */
  on(event: string, listener: () => void): this;
  /** Where the tiles' origin stands. */
  attributionControl?: { setPrefix(prefix: false): void };
}

/** What the package exports. */
export interface Leaflet {
  /** Makes a map in an element. */
  map(element: HTMLElement, options: unknown): LeafletMap;
  /** Makes a dot. */
  circleMarker(place: Place, options: unknown): CircleMarker;
  /** Makes a line. */
  polyline(places: readonly Place[], options: unknown): Layer;
  /** Makes a text that stands by itself. */
  tooltip(options: unknown): {
    setLatLng(place: Place): { setContent(content: unknown): Layer };
  };
  /** Makes a group. */
  layerGroup(): LayerGroup;
  /** Makes a background of tiles. */
  tileLayer(template: string, options: unknown): Layer;
  /** Makes controls. */
  control: { scale(options: unknown): Layer };
}
