// Makes the fetches of this page's origin, has a frame make those of the other one, and shows all
// beside what the model made of them.

const {api, allowed, refused, policy, rows} = await (await fetch("/rows")).json();
const own = location.origin === allowed ? "allowed" : "refused";
const other = own === "allowed" ? refused : allowed;
const isFrame = window !== window.top;
const WAYS = ["wsgi", "flask", "django"];
const NAMES = {wsgi: "WSGI", flask: "Flask", django: "Django"};

/** Fetch, and say in a word or two what script gets, as the model does. */
async function see(row, way) {
  try {
    const response = await fetch(`${api}/${way}${row.path}`, row.options);
    await response.text();
    if (response.type === "opaque") {
      return {verdict: "opaque", readable: [], error: ""};
    }
    const readable = [...response.headers.keys()];
    const same = readable.join() === row.ways[way].readable.join();
    return {verdict: `${response.status}${same ? "" : ", other headers"}`, readable, error: ""};
  } catch (error) {
    return {verdict: "blocked", readable: [], error: `${error}`};
  }
}

/** Make this origin's fetches, in their order: what a preflight allows is remembered. */
async function run(tell) {
  for (const [index, row] of rows.entries()) {
    if (row.page !== own) continue;
    const seen = {};
    for (const way of WAYS) seen[way] = await see(row, way);
    tell(index, seen);
  }
}

function element(name, options = {}, ...children) {
  const made = Object.assign(document.createElement(name), options);
  made.append(...children);
  return made;
}

/** A verdict in words and in its colour, never in the colour alone. */
function verdict(text) {
  const kind = {blocked: "bad", opaque: "none", "…": "waiting"}[text] ?? "good";
  const mark = {bad: "✗ ", none: "○ ", good: "✓ "}[kind] ?? "";
  return element("span", {className: `verdict ${kind}`}, mark + text);
}

const labelled = (label, ...children) => {
  const cell = element("td", {}, ...children);
  cell.dataset.label = label;
  return cell;
};

const agrees = (row, seen) => WAYS.every((way) => seen[way].verdict === row.ways[way].verdict);

function shownSeen(row, seen) {
  if (agrees(row, seen)) return [verdict(seen.wsgi.verdict)];
  const texts = WAYS.map((way) => `${NAMES[way]}: ${seen[way].verdict}`);
  return [element("span", {className: "verdict differs"}, texts.join(", "))];
}

function details(row, seen) {
  return WAYS.flatMap((way) => {
    const model = row.ways[way];
    const names = seen ? seen[way].readable.join(", ") : "";
    const told = seen?.[way].error || (names ? `script can read ${names}` : "");
    return [
      element("h2", {}, `${NAMES[way]}: `, verdict(model.verdict)),
      element("p", {}, model.explanation, " ", element("small", {}, `(Fetch, ${model.step})`)),
      element("p", {}, "Your browser: ", verdict(seen?.[way].verdict ?? "…"), told && ` ${told}`),
      ...model.exchanges.map(({kind, request, response}) => element("div", {className: "wire"},
        element("figure", {}, element("figcaption", {}, `${kind} request`),
          element("pre", {}, request)),
        element("figure", {}, element("figcaption", {}, "response"),
          element("pre", {}, response)))),
      ...(model.exchanges.length ? [] : [element("p", {}, "Nothing was sent.")]),
    ];
  });
}

/** One row and, behind its button, what went over the wire. */
function show(row, index) {
  const id = `details-${index}`;
  const button = element("button", {type: "button", className: "fetch"}, row.title);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", id);
  const seenCell = labelled("Your browser", verdict("…"));
  const model = row.ways.wsgi;
  const why = element("td", {className: "why"}, row.lesson);
  if (model.verdict === "blocked") why.append(" ", element("code", {}, model.reason));
  const line = element("tr", {}, element("td", {}, button), labelled("Origin", row.page),
    labelled("Model", verdict(model.verdict)), seenCell, why);
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
  if (location.hash === `#${id}`) { // a link to one of them
    toggle();
    line.scrollIntoView();
  }
  return (found) => {
    seen = found;
    seenCell.replaceChildren(...shownSeen(row, seen));
    fill();
  };
}

if (isFrame) {
  await run((index, seen) => window.parent.postMessage({index, seen}, other));
} else {
  document.getElementById("where").textContent =
    `The API at ${api} lists ${allowed} among its origins, and not ${refused}. `
    + `You are at ${location.origin}; a frame makes the fetches of the other page.`;
  document.getElementById("policy").textContent = policy;
  const tellers = rows.map(show);
  const all = new Array(rows.length);
  const tell = async (index, seen) => {
    all[index] = seen;
    tellers[index](seen);
    const found = all.filter(Boolean).length;
    const differing = rows.filter((row, i) => all[i] && !agrees(row, all[i])).length;
    document.getElementById("summary").textContent = found < rows.length
      ? `Your browser is fetching… ${found} of ${rows.length}`
      : differing === 0
        ? `Your browser agrees with the model on all ${rows.length} fetches.`
        : `Your browser differs from the model on ${differing} of ${rows.length} fetches.`;
    if (found === rows.length) {
      const verdicts = all.map((each) =>
        Object.fromEntries(WAYS.map((way) => [way, each[way].verdict])));
      const body = JSON.stringify(verdicts);
      const headers = {"Content-Type": "application/json"};
      await fetch("/results", {method: "POST", headers, body});
    }
  };
  window.addEventListener("message", ({origin, data}) => {
    if (origin === other) tell(data.index, data.seen);
  });
  document.body.append(element("iframe", {src: `${other}/`, hidden: true, title: "the other page"}));
  await run(tell);
}
