import type { InputError } from '../shared/errors.ts';
import { suggestFrom } from '../shared/nearest.ts';
import { parsePayloadTemplate } from './payload-template.ts';
import type { TemplateCall } from './template-functions.ts';

/** A piece of a text: fixed, or made anew for each message. */
export type TextPart = string | TemplateCall;

/** What stands in single braces, in paths, queries and headers: the same for all messages of a device. */
export interface TextPlaceholders {
  readonly runId: string;
  readonly slice: number;
}

const textPlaceholders = ['runId', 'deviceId', 'deviceIndex', 'slice'] as const;

const placeholder = /\{([^{}]*)\}/g;

/**
 * A text of the profile with its placeholders and templates (`/things/{deviceId}/readings/{{uuid}}`).
 * @param values undefined: only the errors matter
 */
export function parseText(
  text: string,
  path: string,
  values: TextPlaceholders = { runId: '', slice: 0 },
): { readonly parts: readonly TextPart[]; readonly errors: readonly InputError[] } {
  const { template, errors: found } = parsePayloadTemplate(text, path);
  const errors: InputError[] = [...found];
  const parts = partsOf(template).flatMap((part) =>
    typeof part === 'string' ? splitAtPlaceholders(part, path, values, errors) : [part],
  );
  return { parts, errors };
}

/** Of a template that a string is. */
export function partsOf(template: ReturnType<typeof parsePayloadTemplate>['template']): readonly TextPart[] {
  switch (template.kind) {
    case 'call':
      return [template.call];
    case 'text':
      return template.parts;
    case 'literal':
      return [String(template.value ?? '')];
    case 'list':
    case 'object':
      return [];
  }
}

/** Whether the text is the same for all messages of a device. */
export function isOfDevice(parts: readonly TextPart[]): boolean {
  return parts.every(
    (part) => typeof part === 'string' || part.name === 'deviceId' || part.name === 'deviceIndex',
  );
}

function splitAtPlaceholders(
  text: string,
  path: string,
  { runId, slice }: TextPlaceholders,
  errors: InputError[],
): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(placeholder)) {
    const [braces, name = ''] = match;
    parts.push(text.slice(from, match.index));
    from = match.index + braces.length;
    if (name === 'runId') parts.push(runId);
    else if (name === 'slice') parts.push(String(slice));
    else if (name === 'deviceId' || name === 'deviceIndex') parts.push({ name });
    else
      errors.push({
        path,
        message: `${braces} is not a placeholder`,
        hint: suggestFrom(name, textPlaceholders, 'the placeholders are'),
      });
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== '');
}
