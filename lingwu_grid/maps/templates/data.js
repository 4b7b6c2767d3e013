window.lingwu = window.lingwu || {};
window.lingwu.{{ this.key }} = {{ this.text }};
