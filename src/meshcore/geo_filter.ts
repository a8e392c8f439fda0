/**
 * Which positions belong to an operator's area.
 *
 * @module
 */

/** An area: a polygon with a margin, or else a box. Degrees. */
export interface GeoFilter {
  /** `[latitude, longitude]` of each corner; from three corners on it wins over the box. */
  readonly polygon?: readonly (readonly [number, number])[];
  /** Kilometres outside the polygon that still belong. Default 0. */
  readonly bufferKm?: number;
  /** Southern edge of the box, −90–90. A box with an edge missing keeps everything. */
  readonly latMin?: number;
  /** Northern edge of the box, −90–90. */
  readonly latMax?: number;
  /** Western edge of the box, −180–180. A box cannot span the date line. */
  readonly lonMin?: number;
  /** Eastern edge of the box, −180–180. */
  readonly lonMax?: number;
}

const KM_PER_DEGREE = 111;

/**
 * Says whether a position lies in the area. An unknown one does, and so does (0, 0), which is what
 * a node without GPS sends; so does everything when the filter names no area.
 */
export function passesGeoFilter(
  filter: GeoFilter | undefined,
  lat: number | null,
  lon: number | null,
): boolean {
  if (filter === undefined || lat === null || lon === null) return true;
  if (lat === 0 && lon === 0) return true;
  const { polygon, bufferKm = 0, latMin, latMax, lonMin, lonMax } = filter;
  if (polygon !== undefined && polygon.length >= 3) {
    return insidePolygon(polygon, lat, lon) || nearPolygon(polygon, bufferKm, lat, lon);
  }
  if (
    latMin === undefined || latMax === undefined || lonMin === undefined || lonMax === undefined
  ) return true;
  return lat >= latMin && lat <= latMax && lon >= lonMin && lon <= lonMax;
}

type Corners = readonly (readonly [number, number])[];

/** Pairs of neighbouring corners, the last with the first. */
function* edges(
  polygon: Corners,
): Generator<[readonly [number, number], readonly [number, number]]> {
  for (const [index, corner] of polygon.entries()) {
    yield [corner, polygon[(index + 1) % polygon.length]!];
  }
}

/** Counts how often a ray to the east crosses an edge. */
function insidePolygon(polygon: Corners, lat: number, lon: number): boolean {
  let inside = false;
  for (const [[lat1, lon1], [lat2, lon2]] of edges(polygon)) {
    if ((lat1 > lat) === (lat2 > lat)) continue;
    if (lon < lon1 + (lon2 - lon1) * (lat - lat1) / (lat2 - lat1)) inside = !inside;
  }
  return inside;
}

function nearPolygon(polygon: Corners, bufferKm: number, lat: number, lon: number): boolean {
  if (bufferKm <= 0) return false;
  for (const [[lat1, lon1], [lat2, lon2]] of edges(polygon)) {
    // Flat around the edge: good enough for the few kilometres of a margin.
    const eastKm = KM_PER_DEGREE * Math.cos((lat1 + lat2) / 2 * Math.PI / 180);
    const from = { x: (lon1 - lon) * eastKm, y: (lat1 - lat) * KM_PER_DEGREE };
    const along = { x: (lon2 - lon1) * eastKm, y: (lat2 - lat1) * KM_PER_DEGREE };
    const square = along.x ** 2 + along.y ** 2;
    const share = square === 0
      ? 0
      : Math.min(1, Math.max(0, -(from.x * along.x + from.y * along.y) / square));
    if (Math.hypot(from.x + share * along.x, from.y + share * along.y) <= bufferKm) return true;
  }
  return false;
}
