/** Calls the canary that `recordTab` gives the page, written as references; the name says which payload ran. */
const run = (name: string): string => `window.__hostile&amp;&amp;__hostile(&quot;${name}&quot;)`;
const elsewhere = 'https://hostile.invalid';

/** Each breaks out of another place, if a page puts it in unescaped. What it makes is marked `data-hostile`. */
export const hostileStrings: readonly string[] = [
  `"><img data-hostile src=x onerror='__hostile("img")'>`,
  `'><svg data-hostile onload=__hostile("svg")>`,
  `</script><script data-hostile>__hostile("script")</script>`,
  `</title></textarea></style></option></select><script data-hostile>__hostile("raw text")</script>`,
  `--><meta data-hostile http-equiv="refresh" content="0;url=${elsewhere}/refresh">`,
  `<form data-hostile action="/api/runs" method="post"><input name=text value=x></form><script data-hostile>document.forms[document.forms.length-1].submit()</script>`,
  `<iframe data-hostile src="javascript:parent.__hostile('frame')"></iframe>`,
  `<link data-hostile rel=stylesheet href=${elsewhere}/style><base data-hostile href=${elsewhere}/>`,
  `" autofocus tabindex=1 data-hostile onfocus=__hostile("focus") onmouseover=__hostile("mouse") x="`,
  `' autofocus tabindex=1 data-hostile onfocus=__hostile("focus") onmouseover=__hostile("mouse") x='`,
  `javascript:__hostile("link")`,
  `<a data-hostile href="${run('reference')}">x</a>&lt;script&gt;__hostile("entity")&lt;/script&gt;`,
  `url(${elsewhere}/url) ; } * { background: url(${elsewhere}/style) } </style><style data-hostile>@import "${elsewhere}/import"`,
  `\`\${__hostile("template")}\`{{constructor.constructor("__hostile(1)")()}}`,
  '\\"\\u003cimg src=x onerror=__hostile(2)\\u003e\\x3c\'"\\',
  '\u202egnp.\u2066evil\u2069\u200f\ufeff',
  '\u001b[2J\u001b]0;hostile\u0007\u009b31m\r\n',
  'null\u0000byte<\u0000script>\ud800',
  '<![CDATA[ ]]><!-- <!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]> &e;',
];

/** All of them at once: whatever the place, one of them breaks out of it. */
export const everyHostileString = hostileStrings.join(' ');

export type Accepts = (value: unknown) => Promise<boolean>;

export interface Replaced<T> {
  readonly value: T;
  /** Where a string was replaced, and where its reader takes no other than it has: ids, dates, words of a list. */
  readonly replaced: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Replaces every string that the reader accepts another one for, and gives every object one more, hostile name.
 * @param textAt what to put at the nth string, which is at `where`: `reasons.0`
 */
export async function replaceStrings<T>(
  original: T,
  textAt: (n: number, where: string) => string,
  accepts: Accepts,
): Promise<Replaced<T>> {
  const value = structuredClone(original);
  const replaced: string[] = [];
  const kept: string[] = [];
  const attempt = async (holder: Record<string, unknown>, key: string, to: unknown, where: string) => {
    const had = Object.hasOwn(holder, key);
    const before = holder[key];
    holder[key] = to;
    // A copy: a reader may leave out what it does not know.
    const isAccepted = await accepts(structuredClone(value));
    if (!isAccepted && had) holder[key] = before;
    if (!isAccepted && !had) delete holder[key];
    (isAccepted ? replaced : kept).push(where);
  };
  const walk = async (holder: Record<string, unknown>, at: string): Promise<void> => {
    for (const key of Object.keys(holder)) {
      const found = holder[key];
      const where = at === '' ? key : `${at}.${key}`;
      if (typeof found === 'string') await attempt(holder, key, textAt(replaced.length, where), where);
      else if (typeof found === 'object' && found !== null)
        await walk(found as Record<string, unknown>, where);
    }
    const [first] = Object.entries(holder);
    if (!Array.isArray(holder) && first !== undefined)
      await attempt(holder, textAt(replaced.length, at), structuredClone(first[1]), `${at}.<name>`);
  };
  await walk(value as Record<string, unknown>, '');
  return { value, replaced, kept };
}
