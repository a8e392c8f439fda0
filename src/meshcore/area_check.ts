/** What is wrong with an area as an operator writes it, and what has no effect in it. @module */
import type { SectionFindings } from "../config/section.ts";

type Area = Readonly<Record<string, unknown>>;

const SIDES = ["lat_min", "lat_max", "lon_min", "lon_max"] as const;

/**
 * Looks at the merged, unchecked settings of `geo_filter`; whatever has the wrong form is left to the
 * schema. A polygon that counts wins over the box, so beside one the box is not looked at.
 */
export function checkArea(given: unknown): SectionFindings {
  if (typeof given !== "object" || given === null) return { problems: [], warnings: [] };
  const area = given as Area;
  const corners = Array.isArray(area["polygon"]) ? area["polygon"].length : 0;
  if (corners >= 3) return { problems: [], warnings: [] };
  const box = checkBox(area);
  if (corners === 0) return box;
  const few = `geo_filter.polygon has no effect: it has ${corners} corner${
    corners === 1 ? "" : "s"
  }, and an area needs three`;
  return { ...box, warnings: [few, ...box.warnings] };
}

function checkBox(area: Area): SectionFindings {
  const problems = [
    ...reversed(area, "lat_min", "lat_max", "no node could be in the area"),
    // CoreScope takes such a box, and no position is in it there either.
    ...reversed(
      area,
      "lon_min",
      "lon_max",
      "no node could be in the area, for a box cannot span the date line",
    ),
  ];
  const missing = SIDES.filter((side) => area[side] === undefined || area[side] === null);
  if (missing.length === 0 || missing.length === SIDES.length) return { problems, warnings: [] };
  const names = missing.join(", ").replace(/, (\w+)$/, " and $1");
  const warning = `geo_filter: the box has no effect without ${names}; it needs all four sides`;
  return { problems, warnings: [warning] };
}

function reversed(
  area: Area,
  lower: typeof SIDES[number],
  upper: typeof SIDES[number],
  why: string,
): SectionFindings["problems"] {
  const [min, max] = [area[lower], area[upper]];
  if (typeof min !== "number" || typeof max !== "number" || min <= max) return [];
  return [{ path: ["geo_filter", upper], message: `${max} is less than ${lower}, ${min}: ${why}` }];
}
