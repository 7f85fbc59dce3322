// The page stands there in both languages; this shows one of them, in light or in dark.

const WORDS = {
  ja: { theme: "配色", auto: "自動", light: "明るい", dark: "暗い", print: "印刷", other: "English" },
  en: { theme: "Colours", auto: "auto", light: "light", dark: "dark", print: "Print", other: "日本語" },
};

function remembered(name, otherwise) {
  try { return localStorage.getItem("ngnlab-" + name) || otherwise; } catch { return otherwise; }
}

function remember(name, value) {
  try { localStorage.setItem("ngnlab-" + name, value); } catch { /* Not every browser lets a file do that. */ }
}

function button(text, language, done) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  if (language) element.lang = language;
  element.addEventListener("click", done);
  return element;
}

function show() {
  const language = remembered("language", asked) === "ja" ? "ja" : "en";
  const theme = remembered("theme", "auto");
  const root = document.documentElement;
  root.lang = language;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const part of document.querySelectorAll("main > [lang]")) part.hidden = part.lang !== language;
  document.title = document.querySelector("main > :not([hidden]) h1").textContent + " - ngnlab";
  const words = WORDS[language];
  const label = document.createElement("label");
  const select = document.createElement("select");
  for (const one of ["auto", "light", "dark"]) select.append(new Option(words[one], one, false, one === theme));
  select.addEventListener("change", () => { remember("theme", select.value); show(); });
  label.append(words.theme + " ", select);
  document.querySelector("nav").replaceChildren(
    label,
    button(words.other, language === "ja" ? "en" : "ja", () => {
      remember("language", language === "ja" ? "en" : "ja");
      show();
    }),
    button(words.print, null, () => window.print()),
  );
}

const asked = document.documentElement.lang;
show();
document.documentElement.dataset.ready = "yes";
