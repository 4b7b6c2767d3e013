// Before / after: one press swaps today's layers for the plan's.
(function () {
  var map = {{ this.values['map'] }};
  var before = [{{ this.values.get('now_grids', '') }}{% if this.values.get('now_communities') %}, {{ this.values['now_communities'] }}{% endif %}].filter(Boolean);
  var after = [{{ this.values['plan_grids'] }}, {{ this.values['plan_communities'] }}{% if this.values.get('moves') %}, {{ this.values['moves'] }}{% endif %}];
  var marks = [{{ this.values.get('barriers', '') }}{% if this.values.get('stations') %}{% if this.values.get('barriers') %}, {% endif %}{{ this.values['stations'] }}{% endif %}];
  var buttons = document.querySelectorAll('[data-show]');
  function show(which) {
    (which === 'before' ? after : before).forEach(function (layer) { map.removeLayer(layer); });
    (which === 'before' ? before : after).forEach(function (layer) { map.addLayer(layer); });
    marks.forEach(function (layer) { layer.bringToFront(); });
    buttons.forEach(function (button) {
      button.setAttribute('aria-pressed', String(button.getAttribute('data-show') === which));
    });
  }
  buttons.forEach(function (button) {
    button.addEventListener('click', function () { show(button.getAttribute('data-show')); });
  });
  L.control.scale({ imperial: false, position: 'bottomright' }).addTo(map);
  window.lingwuMap = map;
})();
