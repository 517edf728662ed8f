import type { InputError } from '../../shared/errors.ts';
import type { Plan } from '../plan.ts';
import type { ActionData } from './action.ts';

/** One kind of action that users can issue. The command line and the live page use only this interface. */
export interface IssuableAction {
  readonly kind: string;
  /** Its settings by their names: `disconnect`, `disconnect.how`. */
  readonly settings: Readonly<Record<string, ActionSetting>>;
  /**
   * @param given values by those names, at least one
   * @returns the action, or every error
   */
  read(given: Readonly<Record<string, string>>): ActionData | readonly InputError[];
  /** Why a run cannot have it, whatever its instant. @param group absent: all groups */
  refuse(plan: Plan, action: ActionData, group: string | undefined): readonly InputError[];
}

/** For help and documentation. */
export interface ActionSetting {
  /** Examples of values: `20%`, `clean, drop or silent`. */
  readonly takes: string;
  /** A sentence. */
  readonly meaning: string;
}

/** `20%` or `0.2`, from 0 to 1; undefined for anything else. */
export function parseShare(text: string): number | undefined {
  const [, digits, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const share = percent === '%' ? Number(digits) / 100 : Number(digits);
  return share <= 1 ? share : undefined;
}
