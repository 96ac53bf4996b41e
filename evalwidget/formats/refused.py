"""Files that are recognised and not read: to read a pickle is to run the code in it."""

from evalwidget.formats.content import Content

__all__ = ["reason_not_to_read"]


def reason_not_to_read(content: Content) -> str | None:
    """Why the content is not read, and what to give in its place; None where there is nothing to say."""
    names = [source.name for source in content.sources] + [child.name for child in content.children]
    pickled = next((name for name in names if name.endswith((".pth", ".pt", ".pkl", ".pickle"))), None)
    if pickled is None:
        return None
    if pickled.endswith(".pth"):
        instead = "Detectron2 writes coco_instances_results.json beside instances_predictions.pth: give that"
    else:
        instead = "of MMDetection give <prefix>.bbox.json, or the folder preds that its inferencer writes"
    return f"{pickled} is a pickle, which needs the packages that wrote it and runs whatever code it holds; {instead}"
