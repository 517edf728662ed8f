import type { MqttEndpoint } from './mqtt-endpoint.ts';

/** What a run loads. Absent from a plan: AWS IoT Core, of which only a draft says nothing more. */
export type Target = AwsIotTarget | MqttTarget | HttpTarget;

/** AWS IoT Core: of the account that the run takes place in, the embedded one, or one that a profile names. */
export interface AwsIotTarget {
  readonly kind: 'aws-iot';
  /** The default one first. */
  readonly endpoints: readonly MqttEndpoint[];
  /**
   * The HTTPS API of the same host: publishes over HTTPS and the control messages go there. Absent in plans that were made before
   * it was known: the SDK's default, which AWS calls a testing endpoint.
   */
  readonly dataUrl?: string | undefined;
  /** The profile names it: it has neither the run's rule nor its CloudWatch, and may be of another account. */
  readonly isNamed?: true;
  /** Of one that is named. */
  readonly region?: string;
}

/** Any broker that speaks MQTT. */
export interface MqttTarget {
  readonly kind: 'mqtt';
  /** The default one first. */
  readonly endpoints: readonly MqttEndpoint[];
}

/** Any web service. */
export interface HttpTarget {
  readonly kind: 'http';
  readonly url: string;
}
