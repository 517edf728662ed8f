import type { JsonObject } from '../../shared/json-path.ts';
import type { GroupSettings } from '../load-profile.ts';
import { closedLoad, closedSettings } from './closed-load.ts';
import { type LoadShapeName, sharedSettings } from './load-shape.ts';
import { openLoad, openSettings } from './open-load.ts';

/** What the schema says of every load shape. */
export const loadSettings = {
  stages: sharedSettings.stages,
  ...openSettings,
  duration: sharedSettings.duration,
  ...closedSettings,
};

/** Every setting that says what the load is. */
export const loadPaths: readonly string[] = Object.keys(loadSettings);

/** A profile that names no setting of another shape has the first one. */
const loadShapes = [openLoad, closedLoad] as const;

/** Of the user's form: the shape that the load is meant to have. */
export function loadShapeIn(input: JsonObject): (typeof loadShapes)[number] {
  return namedIn(input, [closedLoad]) ?? openLoad;
}

/** Of a profile that was parsed. */
export function loadShapeOf({ users }: Pick<GroupSettings, 'users'>): LoadShapeName {
  return users === undefined ? 'open' : 'closed';
}

function namedIn(
  input: JsonObject,
  shapes: readonly (typeof loadShapes)[number][],
): (typeof loadShapes)[number] | undefined {
  return shapes.find(({ own }) => own.some((path) => input[path] !== undefined));
}

/** Settings at the top of a profile that a group's own load replaces: also if it is given in another form, or has another shape. */
export function loadReplacedBy(own: JsonObject, top: JsonObject): readonly string[] {
  const meant = namedIn(own, loadShapes);
  const atTop = loadShapeIn(top);
  if (meant === undefined || meant === atTop) return atTop.replacedBy(own);
  // Stages of another shape have targets of another kind.
  return [...atTop.own, 'stages', ...meant.replacedBy(own)];
}
