import { kindsOf } from '../../plan/kinds.ts';
import { meanMessageBytes, messageBytes } from '../../plan/message-size.ts';
import type { GroupPlan } from '../../plan/plan.ts';
import { sumBy } from '../../shared/counts.ts';
import { formatBytes, formatCount, formatPerSecond, formatQuantity } from '../../shared/format.ts';

/** The size of a group's messages, and each kind that has a name: rows of the plan, a label and its text. */
export function describeKinds(group: GroupPlan): [label: string, text: string][] {
  const kinds = kindsOf(group);
  const bytes = formatBytes(sumBy(kinds, (kind) => meanMessageBytes(kind) * kind.load.messages));
  if (group.profile.messages === undefined) return [['size', `${sizeText(group)}, ${bytes} in all`]];
  const { devices, connect } = group.profile;
  return [
    ...kinds.map((kind): [string, string] => {
      const { load, profile } = kind;
      const parts = [
        ...(connect.protocol === 'mqtt' ? [`QoS ${profile.publish.qos}`] : []),
        sizeText(kind),
        `${formatCount(load.messages)} in all`,
        `up to ${formatPerSecond(load.peakPerSecond)} (${devicePace(load.peakPerSecond, devices)})`,
      ];
      return ['kind', `${kind.kind}: ${parts.join(', ')}`];
    }),
    ['size', `${bytes} in all`],
  ];
}

function sizeText(kind: GroupPlan): string {
  const largest = formatBytes(messageBytes(kind));
  if (kind.profile.publish.sizes === undefined) return `${largest} a message`;
  return `about ${formatBytes(Math.round(meanMessageBytes(kind)))} a message, at most ${largest}`;
}

/** How often each of so many devices sends at a rate of all together. */
export function devicePace(perSecond: number, devices: number): string {
  const each = perSecond / devices;
  return each >= 1
    ? `${formatPerSecond(each)} a device`
    : `each device every ${formatQuantity(1 / each, ' s')}`;
}
