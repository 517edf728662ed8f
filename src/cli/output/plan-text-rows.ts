/** Width of the labels of a plan’s lines. */
export const labelColumns = 12;

/** `  devices     1,234 virtual devices` */
export function row(label: string, text: string): string {
  return `  ${label.padEnd(labelColumns)}${text}`;
}
