import type { LoadShapeName } from '../../profile/load-shapes/resolved-load.ts';
import type { MakeBehaviour } from './behaviour.ts';
import { makeClosedModel } from './closed-model.ts';
import { makeOpenModel } from './open-model.ts';

/** How the devices of a slice send, by the load shape of its profile. */
export const behaviourOf: Readonly<Record<LoadShapeName, MakeBehaviour>> = {
  open: makeOpenModel,
  closed: makeClosedModel,
};
