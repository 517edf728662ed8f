import * as z from 'zod';
import { faultChangeShape, parseServiceFaultChange } from '../../profile/fault-schema.ts';
import { refuseFaultGroup } from '../../profile/service-faults.ts';
import { parseDuration } from '../../shared/duration.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { faultAction, faultKind, refuseFaults } from './fault-action.ts';
import { type ActionSetting, type IssuableAction, parseShare } from './issuable-action.ts';

const prefix = `${faultKind}.`;

export const issuableFaults: IssuableAction = {
  kind: faultKind,
  settings: {
    faults: { takes: 'none', meaning: 'Ends all faults of the embedded IoT Core.' },
    ...Object.fromEntries(
      Object.entries(faultChangeShape).map(([name, schema]): [string, ActionSetting] => {
        const { description = '', examples } = schema.meta() ?? {};
        const [example] = Array.isArray(examples) ? examples : [];
        return [
          `${prefix}${name}`,
          {
            takes: typeof example === 'object' ? JSON.stringify(example) : String(example),
            meaning: description,
          },
        ];
      }),
    ),
  },
  read({ faults, ...changes }) {
    const hasChanges = Object.keys(changes).length > 0;
    if (faults !== undefined) {
      if (faults === 'none' && !hasChanges) return faultAction('none');
      const hint = 'write faults=none alone, or the faults that there are to be: faults.dropAcks=20%';
      return [{ path: faultKind, message: `takes none and nothing else: ${faults}`, hint }];
    }
    const input = Object.entries(changes).map(([name, text]) => {
      const key = name.slice(prefix.length);
      return [key, readValue(key as keyof typeof faultChangeShape, text)];
    });
    try {
      return faultAction(parseServiceFaultChange(Object.fromEntries(input)));
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      return error.errors.map((each) => ({ ...each, path: `${prefix}${each.path}` }));
    }
  },
  refuse: (plan, _action, group) => [...refuseFaultGroup(group, 'group'), ...refuseFaults(plan, faultKind)],
};

/** `20%`, `200ms` and `{"uniform":…}` beside plain numbers and words. */
function readValue(name: keyof typeof faultChangeShape, text: string): unknown {
  const schema = faultChangeShape[name];
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return text;
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  if (/^-?[\d.]+$/.test(text)) return Number(text);
  return parseDuration(text) ?? parseShare(text) ?? text;
}
