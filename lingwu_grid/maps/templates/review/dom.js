// Parts of a page.

/** @param {string} id @returns {any} */
export const find = (id) => document.getElementById(id);

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [kind]
 */
export function made(tag, text, kind) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (kind) { element.className = kind; }
  return element;
}
