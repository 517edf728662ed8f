import { styleText } from 'node:util';

/** What a piece of text is for; the terminal decides how it looks. */
export type Ink = 'heading' | 'dim' | 'bar' | 'good' | 'warning' | 'bad';
export type Paint = (ink: Ink, text: string) => string;

/** For tests, files and pipes. */
export const plainPaint: Paint = (_ink, text) => text;

const formats = {
  heading: 'bold',
  dim: 'dim',
  bar: 'cyan',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
} as const satisfies Record<Ink, string>;

/** Colours where the stream is a terminal and wants them (NO_COLOR, FORCE_COLOR and `TERM=dumb` are honoured). */
export function makePaint(stream: NodeJS.WriteStream): Paint {
  return (ink, text) => styleText(formats[ink], text, { stream });
}
