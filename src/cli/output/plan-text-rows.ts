import { stripVTControlCharacters } from 'node:util';
import { wrapText } from '../../report/text-table.ts';

/** Width of the labels of a plan’s lines. */
const labelColumns = 12;

/** `  devices     1,234 virtual devices` */
export function row(label: string, text: string): string {
  return `  ${label.padEnd(labelColumns)}${text}`;
}

/**
 * Breaks lines that are too long. Further lines are indented to the text, not to the label or the time. A style goes around each of them; one
 * that is not of the whole line is left out.
 */
export function fitLines(lines: readonly string[], columns = Number.POSITIVE_INFINITY): string[] {
  return lines.flatMap((line) => {
    const text = stripVTControlCharacters(line);
    if (text.length <= columns) return [line];
    const label = text.slice(0, labelColumns + 2);
    const isRow = /^ {2}(?: +|\S+(?: \S+)* {2,})$/.test(label) && text[label.length] !== ' ';
    const [time = '  '] = /^ +\d+(?::\d\d)+ {2}/.exec(text) ?? [];
    const indent = isRow ? label : time;
    const at = line.indexOf(text);
    const [begin, end] = at < 0 ? ['', ''] : [line.slice(0, at), line.slice(at + text.length)];
    return wrapText(text.slice(indent.length), columns, indent, ' '.repeat(indent.length)).map(
      (each) => `${begin}${each}${end}`,
    );
  });
}
