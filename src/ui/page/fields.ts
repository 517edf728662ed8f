/** The settings that the form shows; all others are in the JSON beside it. */
export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly Field[];
}

export interface Field {
  /** In the profile: `connect.ratePerSecond`. */
  readonly path: string;
  readonly label: string;
  readonly kind: 'text' | 'number';
  /** Given: one of these. */
  readonly options?: readonly string[];
  /** What holds when it is left empty. */
  readonly otherwise?: string;
  readonly isWide?: true;
}

export const fieldGroups: readonly FieldGroup[] = [
  {
    title: 'Run',
    fields: [
      { path: 'name', label: 'Name', kind: 'text', otherwise: 'stampede' },
      { path: 'devices', label: 'Virtual devices', kind: 'number' },
      { path: 'seed', label: 'Seed', kind: 'number', otherwise: '1' },
    ],
  },
  {
    title: 'Connect',
    fields: [
      {
        path: 'connect.protocol',
        label: 'Protocol',
        kind: 'text',
        options: ['mqtt', 'https'],
        otherwise: 'mqtt',
      },
      {
        path: 'connect.client',
        label: 'Client (MQTT)',
        kind: 'text',
        options: ['dense', 'device-sdk'],
        otherwise: 'dense',
      },
      { path: 'connect.ratePerSecond', label: 'Connects a second', kind: 'number', otherwise: '400' },
    ],
  },
  {
    title: 'Publish',
    fields: [
      { path: 'publish.qos', label: 'QoS', kind: 'number', options: ['0', '1', '2'], otherwise: '1' },
      {
        path: 'publish.sizeBytes',
        label: 'Message size, bytes',
        kind: 'number',
        otherwise: 'as the payload is',
      },
      {
        path: 'publish.topic',
        label: 'Topic',
        kind: 'text',
        otherwise: '{topicRoot}/{runId}/{deviceId}/telemetry',
        isWide: true,
      },
    ],
  },
];

/** Without stages the load is one rate for a while. */
export const constantLoad: readonly Field[] = [
  { path: 'ratePerSecond', label: 'Messages a second', kind: 'number' },
  { path: 'duration', label: 'Duration', kind: 'text' },
];

export const lastGroup: FieldGroup = {
  title: 'More',
  fields: [
    {
      path: 'slices.devicesPerSlice',
      label: 'Devices in a slice',
      kind: 'number',
      otherwise: 'as the plan chooses',
    },
    { path: 'drain', label: 'Drain', kind: 'text', otherwise: '10s' },
    {
      path: 'echo.fraction',
      label: 'Share of devices that receive their own messages',
      kind: 'number',
      otherwise: '0',
    },
  ],
};
