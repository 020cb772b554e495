// Works under `style-src 'self'`. The terminal and the dialogs' scroll lock make <style> elements, which that policy
// forbids; constructed style sheets are allowed. Whoever asks for a <style> gets a <template>, which browsers neither
// show nor read, and its text goes into a constructed sheet for as long as the element is in the page.

export function adoptStyleElements(page: Document): void {
  const create = page.createElement.bind(page) as (name: string, options?: ElementCreationOptions) => HTMLElement;
  page.createElement = ((name: string, options?: ElementCreationOptions) => {
    if (name.toLowerCase() !== "style") return create(name, options);
    const element = create("template");
    adopt(page, element);
    return element;
  }) as typeof page.createElement;
}

const PATIENCE_FRAMES = 120;

function adopt(page: Document, element: HTMLElement): void {
  const sheet = new CSSStyleSheet();
  let text = "";
  let parent: Node | null = null;
  let frames = 0;
  const include = (wanted: boolean) => {
    const others = page.adoptedStyleSheets.filter((each) => each !== sheet);
    if (wanted !== page.adoptedStyleSheets.includes(sheet)) page.adoptedStyleSheets = wanted ? [...others, sheet] : others;
  };
  const follow = () => {
    if (element.parentNode && element.parentNode !== parent) {
      parent = element.parentNode;
      observer.observe(parent, { childList: true });
    } else if (!parent && frames++ < PATIENCE_FRAMES) requestAnimationFrame(follow);
    const now = element.textContent ?? "";
    if (now !== text) {
      text = now;
      sheet.replaceSync(text);
    }
    include(text !== "" && (parent === null || element.isConnected));
  };
  const observer = new MutationObserver(follow);
  observer.observe(element, { childList: true, characterData: true, subtree: true });
  // Some set the text through innerHTML, which Trusted Types refuse; style text is no markup.
  Object.defineProperty(element, "innerHTML", {
    get: () => element.textContent,
    set: (value: string) => {
      element.textContent = String(value);
    },
  });
}
