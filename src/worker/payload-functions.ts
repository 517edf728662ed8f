import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { payloadEncodingOf } from '../device/encodings/payload-encodings.ts';
import {
  describeThrown,
  keyOfFunction,
  PayloadFunctionError,
  type PayloadFunctions,
} from '../device/encodings/payload-function.ts';
import { emptyMessage } from '../device/payload-values.ts';
import { mostBytes, writeSegments } from '../device/text-segments.ts';
import { isModuleEncoding, type ModuleEncoding } from '../profile/encoding.ts';
import type { GroupProfile, LoadProfile, MessageSettings, RunProfile } from '../profile/load-profile.ts';
import type { PayloadFunction } from '../profile/payload-message.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { type InputError, InvalidInputError } from '../shared/errors.ts';

type Publishing = { readonly profile: Pick<LoadProfile, 'publish'> };

/**
 * The functions of the user's that some kinds of message have their payloads from. Their modules are imported into this process.
 * @param directory where modules have to be, and relative paths begin; absent: anywhere, by absolute paths
 * @throws InvalidInputError for the first that cannot be loaded
 */
export async function loadPayloadFunctions(
  kinds: readonly Publishing[],
  directory?: string,
): Promise<PayloadFunctions> {
  const functions = new Map<string, PayloadFunction>();
  for (const { profile } of kinds) {
    const { encoding } = profile.publish;
    if (!isModuleEncoding(encoding)) continue;
    const loaded = await loadFunction(encoding, directory);
    if (typeof loaded !== 'function')
      throw new InvalidInputError('The load profile', [{ path: 'publish.encoding.module', ...loaded }]);
    functions.set(keyOfFunction(encoding), loaded);
  }
  return functions;
}

/**
 * Calls each payload function of a profile once, for the first message of the first device.
 * @param directory as of `loadPayloadFunctions`
 * @returns the profile, with the sizes of these messages
 * @throws InvalidInputError with every function that cannot be loaded or fails
 */
export async function withPayloadSamples(profile: LoadProfile, directory?: string): Promise<LoadProfile> {
  const errors = new Map<string, InputError>();
  const sample = async <Settings extends MessageSettings>(
    publish: Settings,
    at: string,
    now = Date.now(),
  ): Promise<Settings> => {
    const { encoding } = publish;
    if (!isModuleEncoding(encoding)) return publish;
    const loaded = await loadFunction(encoding, directory);
    const sampled =
      typeof loaded === 'function'
        ? sampleBytes({ encoding, publish, loaded, seed: profile.seed, now })
        : loaded;
    if (typeof sampled === 'number')
      return { ...publish, encoding: { module: { ...encoding.module, sampleBytes: sampled } } };
    // Kinds of message have the encoding of their group, and groups that at the top.
    if (!errors.has(sampled.message))
      errors.set(sampled.message, { path: `${at}encoding.module`, ...sampled });
    return publish;
  };
  const sampleAll = async <Part extends Pick<LoadProfile, 'publish' | 'messages'>>(
    part: Part,
    at: string,
  ): Promise<Part> => {
    const messages = [];
    for (const kind of part.messages ?? [])
      messages.push({ ...kind, publish: await sample(kind.publish, `${at}messages.${kind.name}.`) });
    return {
      ...part,
      publish: await sample(part.publish, `${at}publish.`),
      ...(part.messages && { messages }),
    };
  };
  const { groups }: RunProfile = profile;
  const sampled = groups === undefined ? await sampleAll(profile, '') : profile;
  const sampledGroups: GroupProfile[] = [];
  for (const group of groups ?? []) sampledGroups.push(await sampleAll(group, `groups.${group.name}.`));
  if (errors.size > 0) throw new InvalidInputError('The load profile', [...errors.values()]);
  return groups === undefined ? sampled : { ...sampled, groups: sampledGroups };
}

type Refusal = Pick<InputError, 'message' | 'hint'>;

async function loadFunction(
  { module }: ModuleEncoding,
  directory: string | undefined,
): Promise<PayloadFunction | Refusal> {
  const file = path.resolve(directory ?? '/', module.file);
  if (directory === undefined && !path.isAbsolute(module.file)) {
    return {
      message: `names ${module.file}, which is relative to the file of a profile, and this profile is from none`,
      hint: 'run the profile from a file, or give the absolute path of the module',
    };
  }
  if (directory !== undefined && !file.startsWith(`${directory}/`)) {
    return {
      message: `names ${module.file}, which is not in ${directory}, where the layers of the stack are`,
      hint: `put the module into a layer, and give its path from ${directory}: docs/payloads.md`,
    };
  }
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(pathToFileURL(file).href)) as typeof exported;
  } catch (error) {
    return whyNotLoaded(error, file, directory);
  }
  const name = module.function ?? 'default';
  // A CommonJS module has its exports in the default one too.
  const found = exported[name];
  if (typeof found === 'function') return found as PayloadFunction;
  const functions = Object.keys(exported).filter((key) => typeof exported[key] === 'function');
  return {
    message: `names ${module.file}, which exports no function ${name}`,
    hint:
      functions.length === 0
        ? 'write export default function payload({ device, n, random }) { … }'
        : `it exports ${functions.join(', ')}: name one as module.function`,
  };
}

function whyNotLoaded(error: unknown, file: string, directory: string | undefined): Refusal {
  const { code, url } = error as { readonly code?: string; readonly url?: string };
  if (code === 'ERR_MODULE_NOT_FOUND' && url === pathToFileURL(file).href) {
    return {
      message: `names ${file}, which does not exist`,
      hint:
        directory === undefined
          ? 'give its path from the directory of the profile'
          : 'deploy the stack with the layer that holds it: --param payloadLayers=ARN',
    };
  }
  return {
    message: `names ${file}, which cannot be loaded: ${describeThrown(error, file)}`,
    hint: 'correct the module: node --check says where a syntax error is',
  };
}

interface Sampled {
  readonly encoding: ModuleEncoding;
  readonly publish: MessageSettings;
  readonly loaded: PayloadFunction;
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

function sampleBytes({ encoding, publish, loaded, seed, now }: Sampled): number | Refusal {
  const { template, errors } = parsePayloadTemplate(publish.payload);
  const [error] = errors;
  if (error !== undefined) return error;
  try {
    const { payload } = payloadEncodingOf(encoding).compile(template, {
      runId: 'plan',
      seed,
      devices: 1,
      offsetMsOf: () => 0,
      payloadFunctions: new Map([[keyOfFunction(encoding), loaded]]),
    });
    const message = emptyMessage(seed);
    message.atMs = now;
    message.sentMs = now;
    message.random.seek(0, 0);
    return writeSegments(payload, Buffer.alloc(mostBytes(payload)), 0, message);
  } catch (thrown) {
    if (!(thrown instanceof PayloadFunctionError)) throw thrown;
    return { message: thrown.message, hint: thrown.hint ?? '' };
  }
}
