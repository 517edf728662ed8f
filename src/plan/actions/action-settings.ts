import { type InputError, InvalidInputError } from '../../shared/errors.ts';
import { suggestFrom } from '../../shared/nearest.ts';
import type { ActionData } from './action.ts';
import type { IssuableAction } from './issuable-action.ts';
import { issuableActions } from './issuable-actions.ts';

/** Actions of one instant, as users give them. */
export interface ActionRequest {
  /** Absent: all device groups. */
  readonly group?: string;
  readonly actions: readonly ActionData[];
}

/** How errors name the whole of it. */
export const actionSubject = 'The action';

/**
 * Reads `NAME=VALUE` settings: those of one kind make one action.
 * @param settings `['disconnect=20%', 'group=trackers']`
 * @throws InvalidInputError with every error
 */
export function parseActionSettings(
  settings: readonly string[],
  kinds: readonly IssuableAction[] = issuableActions,
): ActionRequest {
  const errors: InputError[] = [];
  const given = new Map<string, string>();
  for (const setting of settings) {
    const [name, value] = splitSetting(setting);
    if (value === undefined || value === '')
      errors.push({ path: name, message: 'has no value', hint: `write ${name}=VALUE` });
    else if (given.has(name)) errors.push({ path: name, message: 'is given twice', hint: 'give it once' });
    else given.set(name, value);
  }
  const group = given.get(groupSetting);
  given.delete(groupSetting);
  const known = [...kinds.flatMap((kind) => Object.keys(kind.settings)), groupSetting];
  for (const name of given.keys()) {
    if (known.includes(name)) continue;
    errors.push({ path: name, message: 'is not known', hint: suggestFrom(name, known, 'known') });
  }
  const actions = kinds.flatMap((kind) => {
    const own = [...given].filter(([name]) => Object.hasOwn(kind.settings, name));
    if (own.length === 0) return [];
    const read = kind.read(Object.fromEntries(own));
    if (!isErrors(read)) return [read];
    errors.push(...read);
    return [];
  });
  if (errors.length === 0 && actions.length === 0)
    errors.push({
      path: groupSetting,
      message: 'is given without an action',
      hint: `give one of ${kinds.map(({ kind }) => `${kind}=…`).join(', ')}`,
    });
  if (errors.length > 0) throw new InvalidInputError(actionSubject, errors);
  return { ...(group === undefined ? {} : { group }), actions };
}

const groupSetting = 'group';

function splitSetting(setting: string): [name: string, value: string | undefined] {
  const at = setting.indexOf('=');
  return at === -1 ? [setting, undefined] : [setting.slice(0, at), setting.slice(at + 1)];
}

function isErrors(read: ActionData | readonly InputError[]): read is readonly InputError[] {
  return Array.isArray(read);
}
