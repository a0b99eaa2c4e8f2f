// Draws the diagrams of a page with mermaid.min.js, which scripts/docs puts beside the pages. Without
// that file they stay code.
(() => {
  const blocks = [...document.querySelectorAll('code.language-mermaid')];
  if (blocks.length === 0) return;
  const script = document.createElement('script');
  script.src = `${path_to_root}mermaid.min.js`;
  script.onload = async () => {
    const dark = ['navy', 'coal', 'ayu'].some((name) => document.documentElement.classList.contains(name));
    mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: dark ? 'dark' : 'default' });
    for (const block of blocks) {
      const diagram = document.createElement('pre');
      diagram.className = 'mermaid';
      diagram.textContent = block.textContent;
      block.closest('pre').replaceWith(diagram);
    }
    await mermaid.run();
  };
  document.head.append(script);
})();
