import type { InputError } from '../shared/errors.ts';
import type { LoadProfile } from './load-profile.ts';

/**
 * What Basic Ingest excludes: no client can subscribe to its messages, and none is retained.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
 */
export function checkBasicIngest({ publish, echo, observers = [] }: LoadProfile): InputError[] {
  if (publish.basicIngest !== true) return [];
  const subscriber = observers.indexOf('subscriber');
  return [
    ...(publish.retain === true
      ? [
          {
            path: 'publish.retain',
            message: 'has no meaning with publish.basicIngest: no message of Basic Ingest is retained',
            hint: 'remove one of the two',
          },
        ]
      : []),
    ...(echo.fraction > 0
      ? [
          {
            path: 'echo.fraction',
            message: 'cannot be measured with publish.basicIngest: no device can subscribe to its messages',
            hint: 'remove one of the two; the rule measures the latency of all messages',
          },
        ]
      : []),
    ...(subscriber >= 0
      ? [
          {
            path: `observers[${subscriber}]`,
            message:
              'is "subscriber", and no client can subscribe to messages of publish.basicIngest: all of them would count as lost there',
            hint: 'count them by the rule alone: remove observers, or publish.basicIngest',
          },
        ]
      : []),
  ];
}

/**
 * The topic by which AWS IoT Core takes a message straight to a rule. The first three levels count towards no limit of topics.
 * @param rule its name
 */
export function basicIngestTopicOf(rule: string, topic: string): string {
  return `$aws/rules/${rule}/${topic}`;
}
