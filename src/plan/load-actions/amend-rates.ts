import type { LoadProfile, MessageKind } from '../../profile/load-profile.ts';
import { areaOf, rateAt, stretchesOf } from '../../profile/load-shapes/rate-stretches.ts';
import { hasRate } from '../../profile/rate-rules.ts';
import type { RateStep } from '../../profile/rate-step.ts';
import { sumOf } from '../../shared/counts.ts';
import { type Amend, concerns, type DatedStep, inForce } from './load-action.ts';

/** One rate that actions change: that of a group whose kinds of message have no names, or of one of its kinds. */
interface AmendedPart {
  readonly load: MessageKind | LoadProfile;
  /** The rates that the actions set. */
  readonly steps: DatedStep<RateStep>[];
}

/**
 * Each rate holds until the next action. A constant rate of several groups or kinds is divided in proportion to their rates at its instant;
 * where all of these are 0, to what each is planned to send.
 */
export const amendRates: Amend<'rate'> = (groups, actions) => {
  const amended = groups.map((group) => ({
    ...group,
    own: makePart(group.profile),
    kinds: group.profile.messages?.map(makePart),
  }));
  const able = amended.filter(({ profile }) => hasRate(profile));
  for (const action of actions) {
    const { atMs, fromMs = atMs, change } = action;
    const chosen = able.filter((group) => concerns(action, group));
    const parts = chosen.flatMap(({ own, kinds = [own] }) => kinds);
    const shares = 'perSecond' in change ? sharesAt(parts, atMs) : [];
    const shareOf = new Map(parts.map((part, i) => [part, shares[i] ?? 0]));
    const add = ({ steps }: AmendedPart, share: number) => {
      const step =
        'perSecond' in change
          ? { atMs, perSecond: change.perSecond * share }
          : { atMs, factor: change.factor };
      steps.push({ step, fromMs });
    };
    for (const { own, kinds } of chosen) {
      for (const kind of kinds ?? []) add(kind, shareOf.get(kind)!);
      add(own, kinds === undefined ? shareOf.get(own)! : sumOf(kinds.map((kind) => shareOf.get(kind)!)));
    }
  }
  return amended.map(({ profile, own, kinds }) => {
    if (own.steps.length === 0) return profile;
    return {
      ...profile,
      ...stepsOf(own),
      ...(kinds && {
        messages: kinds.map((kind, i) => ({ ...profile.messages![i]!, ...stepsOf(kind) })),
      }),
    };
  });
};

function makePart(load: MessageKind | LoadProfile): AmendedPart {
  return { load, steps: [] };
}

/** In proportion to the rates at an instant. */
function sharesAt(parts: readonly AmendedPart[], atMs: number): number[] {
  const rates = parts.map(({ load, steps }) =>
    rateAt({ ...load, rateSteps: steps.map(({ step }) => step) }, atMs),
  );
  const weights = rates.some((rate) => rate > 0) ? rates : parts.map(({ load }) => areaOf(stretchesOf(load)));
  const sum = sumOf(weights);
  return weights.map((weight) => weight / sum);
}

function stepsOf({ load, steps }: AmendedPart): Pick<LoadProfile, 'rateSteps'> {
  const rateSteps = inForce(load, steps);
  return rateSteps.length === 0 ? {} : { rateSteps };
}
