import type { ConnectSettings, ObserverName } from '../profile/load-profile.ts';
import type { CheckedSettings } from '../profile/target-rules.ts';
import type { InputError } from '../shared/errors.ts';
import { valueAt } from '../shared/json-path.ts';
import { checkProxy } from './device-proxy.ts';
import { authOver, isOverTls, type MqttEndpoint } from './mqtt-endpoint.ts';
import type { TargetTraits } from './target-traits.ts';

/** What settings are held against: what a kind of target offers, and of one that a profile names, its URL. */
export interface Offered {
  readonly traits: TargetTraits;
  /** Of the URL; undefined: the profile names no target. */
  readonly scheme: string | undefined;
}

const ofTls = ['ca', 'cert', 'key', 'alpn', 'serverName', 'insecure'] as const;

/**
 * What a profile, or one of its groups, asks for and its target does not offer: the one place where settings are checked against
 * `TargetOffers`.
 */
export function checkOffers({ traits, scheme }: Offered, settings: CheckedSettings): InputError[] {
  const { connect, publish } = settings.profile;
  const { offers, limits } = traits;
  const errors: InputError[] = [];
  const add = (path: string, message: string, hint: string): void => {
    if (settings.isSound(path)) errors.push({ path, message, hint });
  };
  errors.push(...checkObservers(settings.profile.observers ?? [], traits));
  if (settings.profile.observe !== undefined && !offers.presence)
    add(
      'observe',
      `is "presence", and ${limits.name} publishes no events of clients that connect and disconnect`,
      'remove the group, or load AWS IoT Core',
    );
  const { protocol, auth } = connect;
  if (!offers.protocols.includes(protocol)) {
    const has = offers.protocols.join(' or ');
    add(
      'connect.protocol',
      `is "${protocol}", and ${limits.name} is loaded over ${has}`,
      protocolHint(scheme),
    );
    return errors;
  }
  if (protocol !== 'mqtt' && offers.qos.length === 0) {
    for (const path of ofMqttOnly) {
      if (valueAt(settings.input, path.split('.')) === undefined) continue;
      add(
        path,
        'is a setting of MQTT, and the target is a web service',
        `remove it, or name a target with mqtt:// or mqtts://`,
      );
    }
    return errors;
  }
  if (!offers.qos.includes(publish.qos))
    add(
      'publish.qos',
      `is ${publish.qos}, and ${limits.name} has no QoS ${publish.qos}`,
      `give ${offers.qos.join(' or ')}`,
    );
  if (connect.will !== undefined && !offers.qos.includes(connect.will.qos))
    add(
      'connect.will.qos',
      `is ${connect.will.qos}, and ${limits.name} has no QoS ${connect.will.qos}`,
      `give ${offers.qos.join(' or ')}`,
    );
  if (publish.basicIngest === true && !offers.basicIngest)
    add(
      'publish.basicIngest',
      'sends messages to the rule of the stack, and the target that the profile names has none',
      'remove it, or remove target to load the IoT Core of the stack’s own account',
    );
  const { version = '5' } = connect;
  if (protocol === 'mqtt' && !offers.mqttVersions.includes(version)) {
    const hint = `give ${offers.mqttVersions.join(' or ')}`;
    add('connect.version', `is ${version}, and ${limits.name} does not speak that version of MQTT`, hint);
  }
  if (auth !== undefined) {
    const possible = offers.auth.filter((each) => !isMqtt(scheme) || authOver[scheme].includes(each));
    if (!possible.includes(auth)) {
      const where = isMqtt(scheme) ? `${limits.name} over ${scheme}://` : limits.name;
      const hint =
        possible.length === 0
          ? 'name a target with mqtts:// or wss://'
          : `give ${possible.join(', ').replace(/, ([^,]*)$/, ' or $1')}`;
      add('connect.auth', `is "${auth}", which ${where} does not have`, hint);
    }
  }
  errors.push(...checkTls(connect, scheme), ...checkClient(settings.profile, scheme));
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

/** Settings that have a meaning at a web service are those of HTTP and of a message's body. */
const ofMqttOnly = [
  'publish.qos',
  'publish.basicIngest',
  'connect.auth',
  'connect.username',
  'connect.password',
];

function protocolHint(scheme: string | undefined): string {
  if (scheme === undefined) return 'remove it';
  return isMqtt(scheme)
    ? 'remove it, or name a target with http:// or https://'
    : 'remove it, or name a target with mqtt:// or mqtts://';
}

function checkTls(connect: ConnectSettings, scheme: string | undefined): InputError[] {
  const given = ofTls.filter((name) => connect[name] !== undefined);
  if (scheme === undefined) {
    const hint =
      'name the target (--target mqtts://…), or remove it: the IoT Core of the account has its own certificates';
    return given.map((name) => ({
      path: `connect.${name}`,
      message: 'is for a target that the profile names',
      hint,
    }));
  }
  if (!isMqtt(scheme) || isOverTls({ scheme })) return [];
  const hint = `remove it, or name the target with ${scheme === 'ws' ? 'wss' : 'mqtts'}://`;
  return given.map((name) => ({
    path: `connect.${name}`,
    message: `is of TLS, which ${scheme}:// is without`,
    hint,
  }));
}

function checkClient(
  { connect: { client }, network }: CheckedSettings['profile'],
  scheme: string | undefined,
): InputError[] {
  const path = 'connect.client';
  if (client === 'device-sdk' && scheme === 'ws')
    return [
      { path, message: 'is "device-sdk", which has no WebSocket without TLS', hint: 'set it to "dense"' },
    ];
  return checkProxy({ client, scheme, isShaped: network !== undefined }, path);
}

function isMqtt(scheme: string | undefined): scheme is MqttEndpoint['scheme'] {
  return scheme !== undefined && Object.hasOwn(authOver, scheme);
}
