import { deviceTopicOf } from '../plan/device-topic.ts';
import type { Slice } from '../plan/plan.ts';
import type { WillSettings } from '../profile/load-profile.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { SegmentCompiler } from './payload-segments.ts';
import { emptyMessage, integer, type MessageContext, type Segment } from './payload-values.ts';
import { mostBytes, writeSegments } from './text-segments.ts';
import type { MqttWill } from './transport.ts';

/** Random values of wills are drawn apart from those of messages. */
const willLane = 3_000;

/** Writes the wills of one slice's devices: `{"stampede":{run, slice, [deviceGroup,] device, "will":true}, …the user's fields}`. */
export class WillWriter {
  readonly #slice: Slice;
  readonly #will: WillSettings;
  readonly #segments: readonly Segment[];
  readonly #message: MessageContext;

  /** @param will templates checked by `checkProperties` @param indexOf index over the whole run of one of the slice's devices */
  constructor(slice: Slice, will: WillSettings, indexOf: (device: number) => number) {
    const { group, devices } = slice;
    const { seed } = group.profile;
    this.#slice = slice;
    this.#will = will;
    this.#message = emptyMessage(seed, indexOf);
    const compiler = new SegmentCompiler({ seed, devices, offsetMsOf: () => 0 });
    const named = group.number === 0 ? '' : `"deviceGroup":${group.number},`;
    const run = JSON.stringify(group.runId);
    compiler.text(`{"stampede":{"run":${run},"slice":${slice.slice},${named}"device":`);
    compiler.segment(integer((message) => message.deviceIndex));
    compiler.text(',"will":true}');
    const { template } = parsePayloadTemplate(will.payload);
    const entries = template.kind === 'object' ? template.entries : [['value', template] as const];
    if (entries.length > 0) compiler.text(',');
    compiler.fields(entries);
    compiler.text('}');
    this.#segments = compiler.finish();
  }

  /** @param nowMs of the CONNECT, epoch milliseconds @returns a payload of its own */
  write(device: number, nowMs: number): MqttWill {
    const { topic, qos, retain = false, delaySeconds = 0 } = this.#will;
    const { group, slice } = this.#slice;
    const message = this.#message;
    message.device = device;
    message.deviceIndex = message.indexOf(device);
    message.atMs = nowMs;
    message.sentMs = nowMs;
    message.random.seek(message.deviceIndex, 0, willLane);
    const out = Buffer.alloc(mostBytes(this.#segments));
    const end = writeSegments(this.#segments, out, 0, message);
    return {
      topic: deviceTopicOf(topic, group, message.deviceIndex, slice),
      payload: out.subarray(0, end),
      qos,
      retain,
      delaySeconds,
    };
  }
}
