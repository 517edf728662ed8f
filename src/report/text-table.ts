/** A cell of a table that is longer is cut: each row is as wide as the widest. */
const maxCellLength = 200;

export function cutCell(cell: string): string {
  return cell.length > maxCellLength ? `${cell.slice(0, maxCellLength - 1)}…` : cell;
}

/** Columns of plain text, as wide as their widest cell; the first is aligned left, the others right. */
export function layOutColumns(given: readonly (readonly string[])[], gap = '  '): string[] {
  const rows = given.map((row) => row.map(cutCell));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join(gap)
      .trimEnd(),
  );
}

/**
 * The same, where that is too wide with one space between columns, and where that is too wide in tables below each other: each has the
 * first column, and some of the others in their order.
 * @param columns width of a line
 */
export function layOutWithin(rows: readonly (readonly string[])[], columns: number, gap = '  '): string[][] {
  const wide = layOutColumns(rows, gap);
  if (wide.every((line) => line.length <= columns)) return [wide];
  const tables: string[][] = [];
  const last = Math.max(0, ...rows.map((row) => row.length));
  for (let from = 1; from < last; ) {
    const upTo = (end: number) =>
      layOutColumns(
        rows.map((row) => [row[0] ?? '', ...row.slice(from, end)]),
        ' ',
      );
    let end = last;
    while (end > from + 1 && upTo(end).some((line) => line.length > columns)) end--;
    tables.push(upTo(end));
    from = end;
  }
  return tables;
}

/**
 * Breaks text between words into lines: the first begins with `indent`, the others with `hanging`, two columns further in unless
 * given, so that the reader sees where each text begins. Control characters of the text become spaces.
 * @param columns width of a line, its indent included
 */
export function wrapText(text: string, columns: number, indent = '', hanging = `${indent}  `): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  const end = () => {
    lines.push(line);
    line = hanging;
    isEmpty = true;
  };
  for (const whole of text.split(/[\s\p{Cc}]+/u)) {
    let word = whole;
    while (word !== '') {
      if (!isEmpty && line.length + 1 + word.length > columns) end();
      // Only a word that no line can hold is cut.
      const room = columns - line.length;
      line += isEmpty ? word.slice(0, room) : ` ${word}`;
      word = isEmpty ? word.slice(room) : '';
      isEmpty = false;
      if (word !== '') end();
    }
  }
  return [...lines, line];
}
