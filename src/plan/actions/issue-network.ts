import { changeNetwork } from '../../profile/network-conditions.ts';
import { type NetworkForm, presetNames } from '../../profile/network-presets.ts';
import { checkNetwork } from '../../profile/network-rules.ts';
import { networkChangeShape, parseNetwork } from '../../profile/network-schema.ts';
import { settingHint } from '../../profile/setting-words.ts';
import { refuseNetworkChange } from '../../profile/timeline-rules.ts';
import type { InputError } from '../../shared/errors.ts';
import { suggestFrom } from '../../shared/nearest.ts';
import { groupsOf } from '../groups.ts';
import { refuseSettings } from '../refuse-kernel-network.ts';
import { type ActionSetting, type IssuableAction, parseShare } from './issuable-action.ts';
import { networkAction, networkKind } from './network.ts';

const { kind } = networkKind;
const prefix = `${kind}.`;

export const issuableNetwork: IssuableAction = {
  kind,
  settings: {
    network: {
      takes: presetNames.join(', '),
      meaning: 'Gives the devices that network; the other settings change it, or what is in force.',
    },
    ...Object.fromEntries(
      Object.entries(networkChangeShape).map(([name, schema]): [string, ActionSetting] => {
        const { description = '', examples } = schema.meta() ?? {};
        const [example] = Array.isArray(examples) ? examples : [];
        const takes = typeof example === 'object' ? JSON.stringify(example) : String(example);
        return [`${prefix}${name}`, { takes, meaning: description }];
      }),
    ),
  },
  read({ network, ...changes }) {
    if (network !== undefined && !presetNames.some((each) => each === network))
      return [
        { path: kind, message: `is no preset: ${network}`, hint: suggestFrom(network, presetNames, 'known') },
      ];
    const entries = Object.entries(changes).map(
      ([name, text]) => [name.slice(prefix.length), readValue(text)] as const,
    );
    const unreadable = entries.filter(([name, value]) => parseNetwork({ [name]: value }) === undefined);
    if (unreadable.length > 0)
      return unreadable.map(([name]): InputError => {
        const path = `${prefix}${name}`;
        const hint = settingHint(networkChangeShape[name]!.meta());
        return { path, message: `is not understood: ${changes[path]}`, hint };
      });
    const form: NetworkForm | undefined =
      entries.length === 0
        ? parseNetwork(network)
        : parseNetwork({ ...(network && { preset: network }), ...Object.fromEntries(entries) });
    if (form === undefined) return [{ path: kind, message: 'is no network' }];
    const errors = checkNetwork(form, kind);
    return errors.length > 0 ? errors : networkAction(form);
  },
  refuse(plan, action, group) {
    const named = groupsOf(plan).filter((each) => group === undefined || each.group === group);
    const network = networkKind.parse(action);
    if (network === undefined) return [];
    const { kernelNetwork } = plan.conditions?.host ?? {};
    return [
      ...refuseNetworkChange(
        network,
        kind,
        named.map(({ group: name, profile }) => ({
          name,
          connect: profile.connect,
          network: profile.network,
        })),
      ),
      ...(kernelNetwork ? refuseSettings(kind, [changeNetwork({}, network)], kernelNetwork) : []),
    ];
  },
};

/** Shares as `5%`, objects as JSON, beside plain numbers and words. */
function readValue(text: string): unknown {
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return /^[\d.]+%?$/.test(text) ? (parseShare(text) ?? Number(text)) : text;
}
