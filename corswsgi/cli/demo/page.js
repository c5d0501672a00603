// Runs the fetches of this page's origin, lets a frame run those of the other origin, and shows the
// results beside those of the model.

const {api, allowed, refused, policy, rows} = await (await fetch("/rows")).json();
const own = location.origin === allowed ? "allowed" : "refused";
const other = own === "allowed" ? refused : allowed;
const isFrame = window !== window.top;
const VARIANTS = ["wsgi", "flask", "django"];
const NAMES = {wsgi: "WSGI", flask: "Flask", django: "Django"};

/** Fetch a row's URL and return the result in the model's format. */
async function runFetch(row, variant) {
  try {
    const response = await fetch(`${api}/${variant}${row.path}`, row.options);
    await response.text();
    if (response.type === "opaque") {
      return {result: "opaque", readable: [], error: ""};
    }
    const readable = [...response.headers.keys()];
    const same = readable.join() === row.variants[variant].readable.join();
    return {result: `${response.status}${same ? "" : ", other headers"}`, readable, error: ""};
  } catch (error) {
    return {result: "blocked", readable: [], error: `${error}`};
  }
}

/** Run this origin's fetches one after the other, because browsers cache preflights. */
async function run(report) {
  for (const [index, row] of rows.entries()) {
    if (row.page !== own) continue;
    const seen = {};
    for (const variant of VARIANTS) seen[variant] = await runFetch(row, variant);
    report(index, seen);
  }
}

function element(name, options = {}, ...children) {
  const made = Object.assign(document.createElement(name), options);
  made.append(...children);
  return made;
}

/** Return a result with a symbol, so that its meaning does not depend on its colour. */
function resultElement(text) {
  const kind = {blocked: "bad", opaque: "none", "…": "waiting"}[text] ?? "good";
  const mark = {bad: "✗ ", none: "○ ", good: "✓ "}[kind] ?? "";
  return element("span", {className: `result ${kind}`}, mark + text);
}

const labelled = (label, ...children) => {
  const cell = element("td", {}, ...children);
  cell.dataset.label = label;
  return cell;
};

const agrees = (row, seen) => VARIANTS.every(
  (variant) => seen[variant].result === row.variants[variant].result);

function seenElements(row, seen) {
  if (agrees(row, seen)) return [resultElement(seen.wsgi.result)];
  const texts = VARIANTS.map((variant) => `${NAMES[variant]}: ${seen[variant].result}`);
  return [element("span", {className: "result differs"}, texts.join(", "))];
}

function details(row, seen) {
  return VARIANTS.flatMap((variant) => {
    const model = row.variants[variant];
    const names = seen ? seen[variant].readable.join(", ") : "";
    const detail = seen?.[variant].error || (names ? `scripts can read ${names}` : "");
    return [
      element("h2", {}, `${NAMES[variant]}: `, resultElement(model.result)),
      element("p", {}, model.explanation, " ", element("small", {}, "(",
        element("a", {href: model.link, rel: "noreferrer"}, model.step), ")")),
      element("p", {}, "Your browser: ", resultElement(seen?.[variant].result ?? "…"),
        detail && ` ${detail}`),
      ...model.exchanges.map(({kind, request, response}) => element("div", {className: "wire"},
        element("figure", {}, element("figcaption", {}, `${kind} request`),
          element("pre", {}, request)),
        element("figure", {}, element("figcaption", {}, "response"),
          element("pre", {}, response)))),
      ...(model.exchanges.length ? [] : [element("p", {}, "No request was sent.")]),
    ];
  });
}

/** Add a row, with a button that shows the requests and responses. */
function show(row, index) {
  const id = `details-${index}`;
  const button = element("button", {type: "button", className: "fetch"}, row.title);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", id);
  const seenCell = labelled("Your browser", resultElement("…"));
  const model = row.variants.wsgi;
  const why = element("td", {className: "why"}, row.lesson);
  if (model.result === "blocked") why.append(" ", element("code", {}, model.reason));
  const line = element("tr", {}, element("td", {}, button), labelled("Origin", row.page),
    labelled("Model", resultElement(model.result)), seenCell, why);
  const cell = element("td", {colSpan: 5});
  const opened = element("tr", {id, className: "details", hidden: true}, cell);
  let seen;
  const fill = () => { if (!opened.hidden) cell.replaceChildren(...details(row, seen)); };
  const toggle = () => {
    opened.hidden = !opened.hidden;
    button.setAttribute("aria-expanded", String(!opened.hidden));
    fill();
  };
  button.addEventListener("click", toggle);
  document.getElementById("rows").append(line, opened);
  if (location.hash === `#${id}`) { // the address links to this row
    toggle();
    line.scrollIntoView();
  }
  return (found) => {
    seen = found;
    seenCell.replaceChildren(...seenElements(row, seen));
    fill();
  };
}

if (isFrame) {
  await run((index, seen) => window.parent.postMessage({index, seen}, other));
} else {
  document.getElementById("where").textContent =
    `The API at ${api} allows the origin ${allowed} and refuses ${refused}. `
    + `This page has the origin ${location.origin}; a frame runs the fetches of the other page.`;
  document.getElementById("policy").textContent = policy;
  const reporters = rows.map(show);
  const all = new Array(rows.length);
  const report = async (index, seen) => {
    all[index] = seen;
    reporters[index](seen);
    const found = all.filter(Boolean).length;
    const differing = rows.filter((row, i) => all[i] && !agrees(row, all[i])).length;
    document.getElementById("summary").textContent = found < rows.length
      ? `Your browser is fetching… ${found} of ${rows.length}`
      : differing === 0
        ? `Your browser agrees with the model on all ${rows.length} fetches.`
        : `Your browser differs from the model on ${differing} of ${rows.length} fetches.`;
    if (found === rows.length) {
      const results = all.map((each) =>
        Object.fromEntries(VARIANTS.map((variant) => [variant, each[variant].result])));
      const body = JSON.stringify(results);
      const headers = {"Content-Type": "application/json"};
      await fetch("/results", {method: "POST", headers, body});
    }
  };
  window.addEventListener("message", ({origin, data}) => {
    if (origin === other) report(data.index, data.seen);
  });
  document.body.append(element("iframe", {src: `${other}/`, hidden: true, title: "the other page"}));
  await run(report);
}
