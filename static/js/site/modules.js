// Runs the modules of joined scripts (`runs/bundles`). Each bundle defines its modules here.
// Each module runs once, when it is first imported, as a browser does.
(() => {
  const definitions = new Map();
  const results = new Map();

  function load(name) {
    if (!results.has(name)) results.set(name, evaluate(name));
    const { exported, error } = results.get(name);
    if (error) throw error;
    return exported;
  }

  function evaluate(name) {
    try {
      return { exported: definitions.get(name)(load, loadLater) };
    } catch (error) {
      return { error };
    }
  }

  // Imports a module whose bundle was not loaded with the page.
  async function loadLater(name, fetchBundle) {
    if (!definitions.has(name)) await fetchBundle();
    return load(name);
  }

  globalThis.studioModules = {
    // Bundles can share a module.
    define(name, run) {
      if (!definitions.has(name)) definitions.set(name, run);
    },
    // A script that fails doesn't stop the next one.
    start(names) {
      for (const name of names) {
        try {
          load(name);
        } catch (error) {
          reportError(error);
        }
      }
    },
    load,
  };
})();
