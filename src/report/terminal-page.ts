/** What a piece of text is for; the terminal decides how it looks. */
export type SummaryStyleName = 'heading' | 'dim' | 'good' | 'warning' | 'bad';
export type SummaryStyler = (styleName: SummaryStyleName, text: string) => string;

/** What sections are laid out for. */
export interface Page {
  readonly style: SummaryStyler;
  /** Columns, less the indent that every line gets at the end. */
  readonly width: number;
}
