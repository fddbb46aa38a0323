// Enlarges a picture in a dialog. At first it fills the window, scaled by a whole number if it is smaller than the
// window. Selecting it again doubles that size.
const dialog = document.querySelector("dialog");
const [caption, frame, large] = ["p", "div", "img"].map((name) => dialog.querySelector(name));
let closer = false;

function show() {
  const { naturalWidth: width, naturalHeight: height } = large;
  const fit = Math.min(frame.clientWidth / width, frame.clientHeight / height);
  const whole = fit >= 1 ? Math.floor(fit) : fit;
  const factor = closer ? Math.max(1, 2 * whole) : whole;
  large.style.width = width * factor + "px";
  large.style.imageRendering = factor >= 1 ? "pixelated" : "auto";
  large.style.cursor = closer ? "zoom-out" : "zoom-in";
}

for (const button of document.querySelectorAll(".zoom")) {
  button.addEventListener("click", () => {
    const picture = button.querySelector("img");
    closer = false;
    large.src = picture.src;
    large.alt = picture.alt;
    caption.textContent = `${picture.alt}, ${picture.naturalHeight}x${picture.naturalWidth}`;
    dialog.showModal();
    large.decode().then(show, show);
  });
}
large.addEventListener("click", (event) => {
  closer = !closer;
  show();
  event.stopPropagation();
});
frame.addEventListener("click", () => dialog.close());
window.addEventListener("resize", () => dialog.open && show());
