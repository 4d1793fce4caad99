"""Images scored like texts: data, two models and a plain loop with the recorder in it."""

from difficulty_lib.images._data import IMAGES as IMAGES
from difficulty_lib.images._data import ImageData as ImageData
from difficulty_lib.images._data import load_images as load_images
from difficulty_lib.images._digits import load_digits as load_digits
from difficulty_lib.images._fashion import load_fashion as load_fashion
from difficulty_lib.images._gallery import Gallery as Gallery
from difficulty_lib.images._gallery import GalleryRow as GalleryRow
from difficulty_lib.images._gallery import Picture as Picture
from difficulty_lib.images._models import autoencoder as autoencoder
from difficulty_lib.images._models import classifier as classifier
from difficulty_lib.images._observe import observe_images as observe_images
from difficulty_lib.images._observe import observe_pixels as observe_pixels
from difficulty_lib.images._pixels import edge_pixels as edge_pixels
from difficulty_lib.images._pixels import pixel_entropy as pixel_entropy
from difficulty_lib.images._pixels import pixel_maps as pixel_maps
from difficulty_lib.images._png import png as png
from difficulty_lib.images._train import ImageRun as ImageRun
from difficulty_lib.images._train import train_images as train_images
