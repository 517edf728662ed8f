import { awsIotTraits } from './aws-iot/aws-iot-traits.ts';
import { namedIotTraits } from './aws-iot/named-iot-traits.ts';
import { httpTraits } from './http/http-traits.ts';
import { mqttTraits } from './mqtt/mqtt-traits.ts';
import type { MqttEndpoint } from './mqtt-endpoint.ts';
import type { Target } from './target.ts';
import type { TargetTraits } from './target-traits.ts';

const traits: { readonly [Kind in Target['kind']]: TargetTraits<Extract<Target, { readonly kind: Kind }>> } =
  {
    'aws-iot': awsIotTraits,
    mqtt: mqttTraits,
    http: httpTraits,
  };

/** What is known of a target by its kind; of a plan that names none, AWS IoT Core's. */
export function traitsOf(target: Target | undefined): TargetTraits {
  if (target?.kind === 'aws-iot' && target.isNamed === true) return namedIotTraits as TargetTraits;
  // A target and its traits are of one kind, which the type of a table cannot say.
  return traits[target?.kind ?? 'aws-iot'] as TargetTraits;
}

/** Where devices connect by MQTT, the default first; empty: not at all. */
export function mqttEndpointsOf(target: Target | undefined): readonly MqttEndpoint[] {
  return target === undefined ? [] : traitsOf(target).mqttEndpointsOf(target);
}

/** Where devices publish over HTTPS, and where control messages go; undefined: the SDK's default. */
export function dataUrlOf(target: Target | undefined): string | undefined {
  return target && traitsOf(target).dataUrlOf(target);
}

/** For the state machine to hand to the slices, because it does not pass through the run store. */
export function namesOf(target: Target | undefined): string[] {
  return target === undefined ? [] : traitsOf(target).namesOf(target);
}
