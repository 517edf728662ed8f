/** @param firstNumber the column from which on cells are aligned right */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  firstNumber: number,
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, i) => (i >= firstNumber ? '---:' : '---')).join('|')}|`,
    ...rows.map(line),
  ];
}

/** Between backquotes nothing is markup but a table's bar. */
function escapeCell(text: string): string {
  const isCode = /^`[^`]*`( \(default\))?$/.test(text);
  return (isCode ? text : escapeText(text)).replaceAll('|', '\\|');
}

/** Escapes a reason, which is text of a service: it must be neither markup nor more than one line. */
export function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').replace(/[<>]/g, (sign) => (sign === '<' ? '&lt;' : '&gt;'));
}
