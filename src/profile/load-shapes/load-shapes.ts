import type { JsonObject } from '../../shared/json-path.ts';
import { closedLoad, closedSettings } from './closed-load.ts';
import { type LoadShape, sharedSettings } from './load-shape.ts';
import { openLoad, openSettings } from './open-load.ts';
import type { LoadShapeName } from './resolved-load.ts';

/** What the schema says of every load shape. */
export const loadSettings = {
  stages: sharedSettings.stages,
  ...openSettings,
  duration: sharedSettings.duration,
  ...closedSettings,
};

/** Every setting that says what the load is. */
export const loadPaths: readonly string[] = Object.keys(loadSettings);

const loadShapes = { open: openLoad, closed: closedLoad } as const satisfies Readonly<
  Record<LoadShapeName, LoadShape<never>>
>;
type AnyLoadShape = (typeof loadShapes)[LoadShapeName];

const allShapes: readonly AnyLoadShape[] = Object.values(loadShapes);

/** Of the user's form: the shape that the load is meant to have. A profile that names no setting of another one is open. */
export function loadShapeIn(input: JsonObject): AnyLoadShape {
  const others = allShapes.filter((shape) => shape !== openLoad);
  return namedIn(input, others) ?? openLoad;
}

function namedIn(input: JsonObject, shapes: readonly AnyLoadShape[]): AnyLoadShape | undefined {
  return shapes.find(({ own }) => own.some((path) => input[path] !== undefined));
}

/** Settings at the top of a profile that a group's own load replaces: also if it is given in another form, or has another shape. */
export function loadReplacedBy(own: JsonObject, top: JsonObject): readonly string[] {
  const meant = namedIn(own, allShapes);
  const atTop = loadShapeIn(top);
  if (meant === undefined || meant === atTop) return atTop.replacedBy(own);
  // Stages of another shape have targets of another kind.
  return [...atTop.own, 'stages', ...meant.replacedBy(own)];
}
