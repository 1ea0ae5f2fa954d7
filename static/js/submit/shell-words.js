// A command line as words and back, by the rules of Python's shlex, which the server uses.

const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word in quotes. */
export const inQuotes = (word) => `'${word.replaceAll("'", `'"'"'`)}'`;

/** Quote a word where a shell would not read it as one. */
export const quote = (word) => (PLAIN.test(word) ? word : inQuotes(word));

export const join = (words) => words.map(quote).join(" ");

/**
 * Split a command line. Null where a quote is not closed.
 * @param {string} text
 * @returns {string[] | null}
 */
export function split(text) {
  const words = [];
  let word = null;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (/\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (letter === "'" || letter === '"') {
      const quoted = readQuoted(text, at);
      if (!quoted) return null;
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (letter === "\\") {
      at += 1;
      if (at >= text.length) return null;
      word = (word ?? "") + text[at];
    } else word = (word ?? "") + letter;
  }
  if (word !== null) words.push(word);
  return words;
}

function readQuoted(text, start) {
  const mark = text[start];
  let quoted = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === mark) return { text: quoted, end: at };
    // In double quotes a backslash keeps itself but for these two.
    if (mark === '"' && text[at] === "\\" && '"\\'.includes(text[at + 1])) at += 1;
    quoted += text[at];
  }
  return null;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Words as rows of an argument and its value.
 * @param {string[]} words
 * @returns {{ name: string, value: string | null, joined: boolean }[]}
 */
export function rowsOf(words) {
  const rows = [];
  for (let at = 0; at < words.length; at++) {
    const [word, next] = [words[at], words[at + 1]];
    const joined = /^(--[^=]+)=(.*)$/s.exec(word);
    if (joined) rows.push({ name: joined[1], value: joined[2], joined: true });
    else if (word.startsWith("-") && !NUMBER.test(word)) {
      const hasValue = next !== undefined && (!next.startsWith("-") || NUMBER.test(next));
      rows.push({ name: word, value: hasValue ? next : null, joined: false });
      if (hasValue) at += 1;
    } else rows.push({ name: "", value: word, joined: false });
  }
  return rows;
}

export function wordsOf(rows) {
  return rows.flatMap(({ name, value, joined }) => {
    if (!name) return value === null ? [] : [value];
    if (joined) return [`${name}=${value ?? ""}`];
    return value === null ? [name] : [name, value];
  });
}
