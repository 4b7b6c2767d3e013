// Views: one press shows the layers of today, of the plan, or of the service circle.
(function () {
  var map = {{ this.values['map'] }};
  var views = {
    {%- for view, names in this.values['views'].items() %}
    {{ view }}: [{{ names | join(', ') }}],
    {%- endfor %}
  };
  var buttons = document.querySelectorAll('[data-show]');
  function show(which) {
    Object.keys(views).forEach(function (view) {
      views[view].forEach(function (layer) {
        if (views[which].indexOf(layer) < 0) { map.removeLayer(layer); }
      });
    });
    views[which].forEach(function (layer) {
      map.addLayer(layer);
      layer.bringToFront();
    });
    buttons.forEach(function (button) {
      button.setAttribute('aria-pressed', String(button.getAttribute('data-show') === which));
    });
    document.getElementById('panel').setAttribute('data-view', which);
    document.dispatchEvent(new CustomEvent('lingwu:view', { detail: which }));
  }
  buttons.forEach(function (button) {
    button.addEventListener('click', function () { show(button.getAttribute('data-show')); });
  });
  // What is told of a place near the upper edge is told below it.
  var opened = null;
  map.on('tooltipopen', function (event) { opened = event.tooltip; });
  map.on('tooltipclose', function () { opened = null; });
  map.on('mousemove', function (event) {
    if (!opened || !opened.options.sticky || !opened.getElement()) { return; }
    var tall = opened.getElement().offsetHeight / 2 + 12;
    opened.options.direction = event.containerPoint.y < tall ? 'bottom' : 'auto';
  });
  L.control.scale({ imperial: false, position: 'bottomright' }).addTo(map);
  window.lingwuMap = map;
  window.lingwuShow = show;
})();
