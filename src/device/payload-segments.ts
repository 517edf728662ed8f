import type { PayloadTemplate } from '../profile/payload-template.ts';
import { type TemplateCall, templateFunctions } from '../profile/template-functions.ts';
import {
  base64,
  choice,
  decimal,
  fixed,
  gaussian,
  integer,
  type Segment,
  type SegmentScope,
  sine,
  uniform,
  uuid,
  walk,
} from './payload-values.ts';

/** Flattens a template into segments; neighbouring fixed text becomes one. */
export class SegmentCompiler {
  readonly #segments: Segment[] = [];
  readonly #scope: SegmentScope;
  readonly #escape: (text: string) => string;
  #text = '';
  #walks = 0;

  /** @param escapeText how text of a template stands within a text: by default as in JSON */
  constructor(scope: SegmentScope, escapeText: (text: string) => string = escapeJson) {
    this.#scope = scope;
    this.#escape = escapeText;
  }

  text(json: string): void {
    this.#text += json;
  }

  segment(segment: Segment): void {
    this.#closeText();
    this.#segments.push(segment);
  }

  template(template: PayloadTemplate): void {
    switch (template.kind) {
      case 'literal':
        this.text(JSON.stringify(template.value));
        break;
      case 'call':
        this.#call(template.call, '"');
        break;
      case 'text':
        this.text('"');
        this.parts(template.parts);
        this.text('"');
        break;
      case 'list':
        this.text('[');
        template.items.forEach((item, i) => {
          if (i > 0) this.text(',');
          this.template(item);
        });
        this.text(']');
        break;
      case 'object':
        this.text('{');
        this.fields(template.entries);
        this.text('}');
    }
  }

  /** Text with calls in it, without quotation marks. */
  parts(parts: readonly (string | TemplateCall)[]): void {
    for (const part of parts) {
      if (typeof part === 'string') this.text(this.#escape(part));
      else this.#call(part, '');
    }
  }

  fields(entries: readonly (readonly [string, PayloadTemplate])[]): void {
    entries.forEach(([key, field], i) => {
      this.text(`${i > 0 ? ',' : ''}${JSON.stringify(key)}:`);
      this.template(field);
    });
  }

  finish(): readonly Segment[] {
    this.#closeText();
    return this.#segments;
  }

  #closeText(): void {
    if (this.#text === '') return;
    this.#segments.push(fixed(Buffer.from(this.#text)));
    this.#text = '';
  }

  /** @param quote around texts: a quotation mark where the call is a JSON value of its own, none within a string */
  #call(call: TemplateCall, quote: '"' | ''): void {
    const isText = templateFunctions[call.name].yields === 'text';
    if (isText) this.text(quote);
    // `identifyDevice` of the plan: d and the index.
    if (call.name === 'deviceId') this.text('d');
    this.segment(this.#drawn(call, quote));
    if (isText) this.text(quote);
  }

  #drawn(call: TemplateCall, quote: '"' | ''): Segment {
    switch (call.name) {
      case 'deviceId':
      case 'deviceIndex':
        return integer((message) => message.deviceIndex);
      case 'n':
        return integer((message) => message.n);
      case 'sequence':
        return integer((message) => message.k);
      case 'now':
        return integer((message) => Math.floor(message.sentMs));
      case 'uuid':
        return uuid;
      case 'randomBytes':
        return base64(call.bytes);
      case 'choice':
        return choice(
          call.values.map((value) => (quote === '' ? this.#escape(String(value)) : JSON.stringify(value))),
          call.by,
        );
      case 'random':
        return decimal(call.decimals, uniform(call));
      case 'gaussian':
        return decimal(call.decimals, gaussian(call));
      case 'sine':
        return decimal(call.decimals, sine(call, this.#scope));
      case 'walk':
        return decimal(call.decimals, walk(call, this.#scope, ++this.#walks));
    }
  }
}

/** As it stands within a JSON string. */
function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
