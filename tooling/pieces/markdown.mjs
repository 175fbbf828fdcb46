// Finds the code in Markdown.

/**
 * @typedef {object} CodeBlock
 * @property {string} language
 * @property {string} file what follows the language: the name of a file, or ''
 * @property {string} code
 */

/**
 * The fenced code blocks of a text, in order: three backticks, a language, and the name of a file if it has one.
 *
 * @param {string} markdown
 * @returns {CodeBlock[]}
 */
export function codeBlocks(markdown) {
  return [...markdown.matchAll(/^```([a-z]+)(?: ([^\n]+))?\n(.*?)^```$/gms)].map(([, language, file, code]) => ({
    language: /** @type {string} */ (language),
    file: file?.trim() ?? '',
    code: /** @type {string} */ (code),
  }));
}
