import type { ObserverName } from '../profile/load-profile.ts';
import type { CheckedSettings } from '../profile/target-rules.ts';
import type { InputError } from '../shared/errors.ts';
import { valueAt } from '../shared/json-path.ts';
import type { TargetTraits } from './target-traits.ts';

/**
 * What a profile, or one of its groups, asks for and its target does not offer: the one place where settings are held against
 * `TargetOffers`.
 */
export function checkOffers(
  traits: TargetTraits,
  { profile, input, isSound }: CheckedSettings,
): InputError[] {
  const { offers, limits } = traits;
  const { connect, publish } = profile;
  const errors: InputError[] = [];
  const check = (path: string, value: unknown, offered: readonly unknown[], what: string): void => {
    if (!isSound(path) || offered.includes(value)) return;
    errors.push({
      path,
      message: `is ${JSON.stringify(value)}, and ${limits.name} has no ${what}`,
      hint: `${limits.name} has ${offered.map((each) => JSON.stringify(each)).join(', ')}`,
    });
  };
  check('connect.protocol', connect.protocol, offers.protocols, `such protocol`);
  if (connect.auth !== undefined) check('connect.auth', connect.auth, offers.auth, 'such authentication');
  if (connect.protocol === 'mqtt' && offers.qos.length > 0)
    check('publish.qos', publish.qos, offers.qos, `QoS ${publish.qos}`);
  errors.push(...checkObservers(profile.observers ?? [], traits));
  if (offers.qos.length === 0 && valueAt(input, ['publish', 'qos']) !== undefined) {
    errors.push({
      path: 'publish.qos',
      message: 'has no meaning over HTTP',
      hint: 'remove it; a request is answered or not',
    });
  }
  return errors;
}

/** The run's own setting, which every group has. */
function checkObservers(wanted: readonly ObserverName[], { offers, limits }: TargetTraits): InputError[] {
  const { observers } = offers;
  const hint =
    observers.length === 0
      ? 'remove it: requests are answered, and nothing arrives elsewhere'
      : `messages of ${limits.name} can be counted by: ${observers.join(', ')}`;
  return wanted.flatMap((name, i) => {
    const path = `observers[${i}]`;
    if (!observers.includes(name))
      return [{ path, message: `is "${name}", which does not see what ${limits.name} delivers`, hint }];
    return wanted.indexOf(name) < i ? [{ path, message: `names "${name}" twice`, hint: 'name it once' }] : [];
  });
}
