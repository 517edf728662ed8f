/** Payloads as the devices make them, and as one would without compiling the template. */
import { PayloadWriter } from '../../../src/device/payload.ts';
import { repeatWork, serveMeasurement, type WorkReport } from '../measured-process.ts';

export interface TemplatesSettings {
  /** `stringify`: JSON.stringify of an object of the same fields, made by hand for each message. */
  readonly work: 'writer' | 'stringify';
  readonly sizeBytes: number;
  readonly cpuSeconds: number;
}

const devices = 1_000;
const runId = 'full-quota-20260901T101010Z-ab12';
const atMs = 1_788_257_410_000.25;
const payload = {
  deviceId: '{{deviceId}}',
  temperature: '{{gaussian(21, 2)}}',
  humidity: '{{random(30, 70)}}',
  state: "{{choice('on','off')}}",
};

serveMeasurement(({ work, sizeBytes, cpuSeconds }: TemplatesSettings): WorkReport => {
  const writer = new PayloadWriter({
    payload,
    sizeBytes,
    runId,
    slice: 3,
    indexOf: (device: number) => device,
    devices,
    seed: 42,
    offsetMsOf: (n) => n,
  });
  const padding = 'x'.repeat(sizeBytes);
  let n = 0;
  const message = { n, device: 0, k: 0, atMs };
  const write = (): number => {
    message.n = n;
    message.device = n % devices;
    message.k = Math.floor(n / devices);
    const { length } = writer.write(message, atMs + 0.5);
    n++;
    return length;
  };
  const stringify = (): number => {
    const device = n++ % devices;
    const message = {
      stampede: { run: runId, slice: 3, n, device, at: atMs, sent: atMs + 0.5 },
      deviceId: `d${device}`,
      temperature: Math.round((21 + 2 * gaussian()) * 100) / 100,
      humidity: Math.round((30 + 40 * Math.random()) * 100) / 100,
      state: Math.random() < 0.5 ? 'on' : 'off',
      padding: '',
    };
    message.padding = padding.slice(0, Math.max(0, sizeBytes - JSON.stringify(message).length));
    return Buffer.from(JSON.stringify(message)).length;
  };
  const make = work === 'writer' ? write : stringify;
  return repeatWork(cpuSeconds, () => {
    for (let i = 0; i < devices; i++) make();
    return devices;
  });
});

function gaussian(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
