import { styleText } from 'node:util';

/** What a piece of text is for; the terminal decides how it looks. */
export type StyleName = 'heading' | 'dim' | 'bar' | 'good' | 'warning' | 'bad';
export type Styler = (styleName: StyleName, text: string) => string;

/** For tests, files and pipes. */
export const plainStyler: Styler = (_style, text) => text;

const formats = {
  heading: 'bold',
  dim: 'dim',
  bar: 'cyan',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
} as const satisfies Record<StyleName, string>;

/** Colours where the stream is a terminal and wants them (NO_COLOR, FORCE_COLOR and `TERM=dumb` are honoured). */
export function makeStyler(stream: NodeJS.WriteStream): Styler {
  return (styleName, text) => styleText(formats[styleName], text, { stream });
}
