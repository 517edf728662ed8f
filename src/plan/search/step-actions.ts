import type { SearchedQuantity, SearchSettings } from '../../profile/search.ts';
import type { ActionData, LiveAction, StoredAction } from '../actions/action.ts';
import { connectsKind, devicesKind, rateKind, usersKind } from '../actions/load-kinds.ts';
import type { NextHold } from './decide-next.ts';
import type { SearchStep } from './judged-hold.ts';
import { rampMs } from './level-ramp.ts';

/** The action that gives the searched groups a level. */
type LevelAction = (level: number) => ActionData;

const levelActions: Readonly<Record<SearchedQuantity, LevelAction>> = {
  rate: (perSecond) => ({ kind: rateKind.kind, perSecond }),
  devices: (count) => ({ kind: devicesKind.kind, count }),
  connects: (perSecond) => ({ kind: connectsKind.kind, perSecond }),
  users: (count) => ({ kind: usersKind.kind, count }),
};

/** Whether searches issue actions of a kind. */
export function isLevelKind(kind: string): boolean {
  return Object.values(levelActions).some((actionOf) => actionOf(0).kind === kind);
}

/** A step whose level takes effect at an instant. @param at epoch milliseconds */
export function makeStep(
  search: SearchSettings,
  { level, repeats, move }: NextHold,
  { step, at }: Pick<SearchStep, 'step' | 'at'>,
): SearchStep {
  const { settleMs, holdMs } = search;
  const holdFrom = Math.ceil((at + rampMs(search, level) + settleMs) / 1_000) * 1_000;
  return {
    step,
    level,
    at,
    holdFrom,
    holdUntil: holdFrom + holdMs,
    ...(repeats === undefined ? {} : { repeats }),
    ...(move === undefined ? {} : { move }),
  };
}

/**
 * The actions of a step: its level, and at the end of its hold the lowest level again, at which a system that was overloaded recovers
 * while the hold is judged. A search that holds an objective keeps the level until it has another one.
 */
export function actionsOfStep(
  { kind, of, group, from }: Pick<SearchSettings, 'kind' | 'of' | 'group' | 'from'>,
  step: SearchStep,
): [LiveAction, ...LiveAction[]] {
  const actionOf = levelActions[of];
  const make = (at: number, level: number): LiveAction => ({
    at,
    ...(group === undefined ? {} : { group }),
    action: actionOf(level),
    step,
  });
  const level = make(step.at, step.level);
  return kind === 'objective' ? [level] : [level, make(step.holdUntil, from)];
}

/** A step as the run's actions have it. */
export interface IssuedStep {
  readonly step: SearchStep;
  /** Either may be missing: a look that issues a step may fail between the two. */
  readonly level?: StoredAction;
  readonly rest?: StoredAction;
}

/** The steps that a search has issued, each once, in their order. */
export function issuedSteps(actions: readonly StoredAction[]): IssuedStep[] {
  const byNumber = Map.groupBy(
    actions.filter(({ step }) => step !== undefined),
    ({ step }) => step!.step,
  );
  return [...byNumber.values()]
    .map((ofStep) => {
      const step = ofStep[0]!.step!;
      const level = ofStep.find(({ at }) => at === step.at);
      const rest = ofStep.find(({ at }) => at === step.holdUntil);
      return { step, ...(level && { level }), ...(rest && { rest }) };
    })
    .toSorted((a, b) => a.step.step - b.step.step);
}
